from __future__ import annotations

import pytest

from bot import confirmations
from bot.confirmations import MOST, Confirmations
from bot.errors import CommandError
from bot.types import Post
from tests.core.house import ANNA, BEN


async def done() -> Post:
    return Post("done")


async def test_a_button_confirms_once_and_only_for_whoever_asked() -> None:
    asked = Confirmations()
    button = asked.button("Sure", ANNA, done)
    with pytest.raises(CommandError):
        asked.take(button.id, BEN)
    action = asked.take(button.id, ANNA)
    assert action is not None
    assert await action() == Post("done")
    assert asked.take(button.id, ANNA) is None


def test_a_button_confirms_nothing_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirmations, "PATIENCE", -confirmations.PATIENCE)
    asked = Confirmations()
    assert asked.take(asked.button("Sure", ANNA, done).id, ANNA) is None


def test_what_nobody_confirms_is_forgotten_in_the_end() -> None:
    asked = Confirmations()
    first = asked.button("Sure", ANNA, done)
    for _ in range(MOST):
        asked.button("Sure", ANNA, done)
    assert asked.take(first.id, ANNA) is None
