from __future__ import annotations

import pytest

from bot import confirmations
from bot.confirmations import MOST, Confirmations
from bot.types import Post
from tests.core.house import ANNA, BEN


async def done() -> Post:
    return Post("done")


async def test_a_code_confirms_once_and_only_for_whoever_asked() -> None:
    asked = Confirmations()
    code = asked.ask(ANNA, done)
    assert asked.take(code, BEN) is None
    assert code in asked
    action = asked.take(code, ANNA)
    assert action is not None
    assert await action() == Post("done")
    assert asked.take(code, ANNA) is None
    assert code not in asked


def test_a_code_confirms_nothing_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirmations, "PATIENCE", -confirmations.PATIENCE)
    asked = Confirmations()
    assert asked.take(asked.ask(ANNA, done), ANNA) is None


def test_what_nobody_confirms_is_forgotten_in_the_end() -> None:
    asked = Confirmations()
    first = asked.ask(ANNA, done)
    for _ in range(MOST):
        asked.ask(ANNA, done)
    assert asked.take(first, ANNA) is None
