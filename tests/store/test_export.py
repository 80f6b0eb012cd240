"""Everything that is kept can leave in a form that any program reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.errors import StoreUnavailable
from bot.store import Reply, Store
from bot.store.export import LEFT_OUT, export
from bot.store.location import locate
from bot.store.revisions import known
from bot.store.tables import Base
from bot.types import TurnState
from tests.store.samples import ANN, answer, ask


def exported(url: str, home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in export(locate(url, home), 30)]


async def test_what_was_said_and_thought_is_there_with_its_times(
    store: Store, url: str, home: Path
) -> None:
    turn = await ask(store, 'Grüße, "Welt"\n')
    await store.finish(turn, TurnState.DONE, Reply("hello", "a greeting", "stop"))
    first, *rows = exported(url, home)
    assert (first["export"], first["revision"]) == (1, known()[0])
    texts = [row["text"] for row in rows if row["table"] == "messages"]
    assert texts == ['Grüße, "Welt"\n', "hello"]
    (said,) = (row for row in rows if row["table"] == "turns")
    assert (said["state"], said["reasoning"]) == ("done", "a greeting")
    assert said["started_at"].endswith("+00:00")


async def test_a_row_stands_behind_those_that_it_refers_to(
    store: Store, url: str, home: Path
) -> None:
    for number in range(3):
        await answer(store, await ask(store, f"{number}"), "yes")
    await store.change("", "top_p", "0.5", ANN)
    order = [row["table"] for row in exported(url, home)[1:]]
    tables = [name for name in Base.metadata.tables if name in order]
    assert sorted(order, key=[t.name for t in Base.metadata.sorted_tables].index) == order
    assert {"conversations", "messages", "turns", "settings"} <= set(tables)
    assert LEFT_OUT.isdisjoint(order)


def test_a_database_that_is_not_there_is_not_made(home: Path) -> None:
    with pytest.raises(StoreUnavailable, match="is not there"):
        exported("sqlite:///chinwag.db", home)
    assert not home.exists()
