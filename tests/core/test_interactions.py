from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot import texts, texts_for_people
from bot.errors import StoreUnavailable
from bot.types import Invoked
from tests.core.house import ANNA, CHAT, open_house

SLOW = {"match": "slow", "delay": 60, "text": "late"}


async def test_a_question_by_a_command_is_kept_before_the_network_hears_that_it_came(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, [SLOW]) as people:
        await people.house.dispatcher.put(Invoked(CHAT, ANNA, "ask", "slow?", "c1"))
        history = await people.house.chat.store.history(CHAT.key, 10)
        assert [message.text for message in history] == ["slow?"]


async def test_a_question_by_a_command_that_comes_twice_is_answered_once(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        asked = Invoked(CHAT, ANNA, "ask", "one", "c1")
        for event in (asked, asked, replace(asked, arguments="two", id="c2")):
            people.tell(event)
        await people.see("You said: one", "You said: two")


async def test_whoever_presses_a_button_hears_that_the_database_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("The database is locked.")

    async with open_house(tmp_path) as people:
        await people.answer("/forgetme")
        monkeypatch.setattr(people.house.chat.store, "forget", away)
        people.press(texts_for_people.FORGET_ME())
        await people.see_last(texts.MEMORY_AWAY())


async def test_a_command_hears_that_the_database_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailable("The database /srv/secret/chinwag.db is locked.")

    async with open_house(tmp_path) as people:
        monkeypatch.setattr(people.house.chat.store, "last_turn", away)
        assert (await people.answer("/speed")).text == texts.MEMORY_AWAY()
