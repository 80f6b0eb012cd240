from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import here
from bot.types import Place
from tests.core.house import ANNA, BEN, CHAT, eventually, open_house

OWNED = {"owner": ["fake:1"], "allow": ["everyone"]}


async def test_a_setting_from_chat_holds_with_the_next_message_and_after_a_restart(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        people.command("/set max_new_tokens 2")
        await people.see("max_new_tokens: not set → 2")
    async with open_house(tmp_path, access=OWNED) as people:
        people.say("one two three")
        await people.see_some("You said:")
        effective = await people.house.services.settings.effective(CHAT)
        assert effective.sampling.max_new_tokens == 2
        assert effective.sources["max_new_tokens"] == "chat"


@pytest.mark.parametrize(
    "line",
    ["/set temperature nan", "/set temperature hot", "/set top_p 1.1", "/set temprature 1", "/set"],
)
async def test_what_can_not_be_set_is_told_and_changes_nothing(tmp_path: Path, line: str) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        before = await people.house.services.settings.effective(CHAT)
        people.command(line)
        await eventually(lambda: len(people.network.messages(CHAT)) == 1)
        assert await people.house.services.settings.effective(CHAT) == before


async def test_undo_takes_the_last_change_back(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        people.command("/set temperature 0,4")
        await people.see_some("temperature: not set → 0.4")
        people.command("/undo")
        await people.see_some("temperature: 0.4 → not set")


async def test_only_who_administers_the_place_may_set(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        people.command("/set temperature 1", user=BEN)
        await people.see("/set is for the role admin and above.")


async def test_a_thread_inherits_from_its_chat_and_the_chat_from_its_server(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as people:
        settings = people.house.services.settings
        store = people.house.services.store
        thread = Place("fake", "general", "topic", "guild")
        await store.change("server:fake:guild", "temperature", "0.1", ANNA)
        await store.change("server:fake:guild", "top_p", "0.2", ANNA)
        await store.change("chat:fake:general", "top_p", "0.3", ANNA)
        await settings.set(here(thread), "top_k", "4", ANNA)
        sampling = (await settings.effective(thread)).sampling
        assert (sampling.temperature, sampling.top_p, sampling.top_k) == (0.1, 0.3, 4)
        assert (await settings.effective(CHAT)).sampling.top_k == 0


async def test_how_thoughts_are_shown_is_a_setting_of_the_place(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        people.command("/think open")
        await people.see("thinking: not set → open")
        assert (await people.house.services.settings.effective(CHAT)).thinking == "open"


async def test_an_unknown_command_names_the_nearest(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        people.command("/sopt")
        await people.see("There is no command /sopt: did you mean /stop?")
