"""Which index answers each query: what keeps the store fast however much there is in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, ExecutionContext, event
from sqlalchemy.engine.interfaces import DBAPICursor

from bot.store import ButtonRecord, Reply
from bot.store.open import open_store
from bot.store.sql import SqlStore
from bot.store.tables import Base
from bot.types import PostRef, Rate, Role, TurnState, utcnow
from tests.store.conftest import SQLITE
from tests.store.samples import ANN, BOB, ELSEWHERE, HERE, answer, ask, said

UNDELIVERED = "ix_turns_undelivered"
"""An index of few rows at any time: all of it is what is wanted."""

OPTED_OUT = [
    "CORRELATED SCALAR SUBQUERY 2",
    "SEARCH users USING INDEX sqlite_autoindex_users_1 (adapter=? AND id=?)",
]
"""A look at each author of what is read."""

Statement = tuple[str, Sequence[object]]


@pytest.fixture
def statements() -> Iterator[list[Statement]]:
    """Everything that is executed from here on."""
    seen: list[Statement] = []

    def note(
        _: Connection,
        __: DBAPICursor,
        statement: str,
        parameters: Sequence[object],
        ___: ExecutionContext | None,
        ____: bool,
    ) -> None:
        seen.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def plans(home: Path, statements: Sequence[Statement]) -> Iterator[tuple[str, str]]:
    """Each step of each statement's plan, and the statement."""
    with closing(sqlite3.connect(home / "chinwag.db")) as connection:
        for statement, parameters in statements:
            if statement.startswith(("SELECT", "UPDATE", "DELETE")):
                for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters):
                    yield row[3], statement


async def test_history_is_read_from_the_end_of_its_index(
    home: Path, statements: list[Statement]
) -> None:
    async with open_store(SQLITE, home) as store:
        turn = await ask(store, "question")
        statements.clear()
        await store.history(HERE.key, 50)
        active = "ux_conversations_active (adapter=? AND chat=? AND thread=?)"
        assert [step for step, _ in plans(home, statements)] == [
            "SEARCH messages USING INDEX ix_messages_history (conversation_id=?)",
            "SCALAR SUBQUERY 1",
            f"SEARCH conversations USING INDEX {active}",
            *OPTED_OUT,
        ]
        statements.clear()
        await store.history_before(turn, 50)
        steps = [step for step, _ in plans(home, statements)]
        assert steps[-3:-2] == [
            "SEARCH messages USING INDEX ix_messages_history (conversation_id=? AND position<?)"
        ]


async def use_everything(store: SqlStore) -> None:
    """All that happens in a busy chat; moving one and counting usage are rare and may scan."""
    assert not await store.known(HERE, "1")
    await store.overhear(HERE, said("by the way"))
    turn = await ask(store, "question")
    await store.checkpoint(turn, TurnState.ANSWERING, Reply("ans"))
    await store.posted(turn, [PostRef(HERE, "1")])
    await answer(store, turn, "answer")
    await answer(store, await store.reopen(turn), "another")
    await store.choose(turn, 0)
    await store.resume(turn)
    await store.last_turn(HERE.key)
    await store.unfinished("telegram")
    await store.pending("telegram")
    await store.delivered(turn)
    await store.edit(HERE, turn.message.id, "questions")
    await store.remove(HERE, [turn.message.id])
    [button] = await store.add_buttons([ButtonRecord(turn.id, "stop", ANN)])
    await store.button(button)
    await store.buttoned_before(turn)
    await store.use_up(button)
    await store.drop_buttons(turn)
    await store.once("press:1", timedelta(days=1))
    await store.change("", "seed", "1", ANN)
    await store.settings(["", "chat:telegram:-100"])
    await store.kept(["chat:telegram:-100"], "persona")
    await store.changes("", 5)
    await store.grants(["", "chat:telegram:-100"], [str(ANN), "everyone"])
    await store.grant("", str(ANN), Role.USER, BOB)
    await store.take({"messages": Rate(5, 1)})
    await store.demand(ANN)
    await store.opted_out(ANN)
    await store.archive(HERE.key)


async def test_nothing_that_happens_often_reads_a_whole_table(
    home: Path, statements: list[Statement]
) -> None:
    async with open_store(SQLITE, home) as store:
        statements.clear()
        await use_everything(store)
        slow = [
            (step, statement)
            for step, statement in plans(home, statements)
            if step.startswith(("SCAN", "USE TEMP B-TREE")) and UNDELIVERED not in step
        ]
    assert len(statements) > 40
    assert slow == []


async def find_what_is_somebodys_or_old(store: SqlStore) -> None:
    await answer(store, await ask(store, "question"), "answer")
    await answer(store, await ask(store, "alone", ELSEWHERE), "answer")
    await store.said_by(ANN, 0, 9)
    await store.about(ANN)
    await store.forget(ANN, 9)
    await store.forget_person(ANN, keep_today=True)
    await answer(store, await ask(store, "question"), "answer")
    later = utcnow() + timedelta(days=1)
    [(conversation, _)] = await store.conversations_with(later, 0, 9)
    await store.expire(conversation, later, 9)


async def test_what_is_somebodys_or_old_is_found_without_reading_a_whole_table(
    home: Path, statements: list[Statement]
) -> None:
    """Who granted what is looked for among all that was granted, which is little."""
    async with open_store(SQLITE, home) as store:
        statements.clear()
        await find_what_is_somebodys_or_old(store)
        slow = [
            (step, statement)
            for step, statement in plans(home, statements)
            if step.startswith("SCAN") and step != "SCAN grants"
        ]
    assert len(statements) > 40
    assert slow == []


def test_whatever_refers_to_a_row_is_found_when_the_row_is_deleted() -> None:
    """SQLite looks for it at each deletion; no plan shows that."""
    for table in Base.metadata.sorted_tables:
        leading = {next(iter(index.columns)).name for index in table.indexes}
        leading.add(next(iter(table.primary_key.columns)).name)
        assert {key.column_keys[0] for key in table.foreign_key_constraints} <= leading
