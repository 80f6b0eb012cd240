from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.types import Attachment, Place
from tests.core.house import ANNA, BEN, CHAT, People, eventually, open_house

OWNED: Mapping[str, Any] = {"owner": ["fake:1"], "allow": ["everyone"]}


async def prompt(people: People, place: Place = CHAT) -> str:
    return (await people.house.services.settings.effective(place)).system_prompt


async def test_a_place_has_a_system_prompt_of_its_own_until_it_is_reset(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        said = await people.answer("/system set You are a pirate.\nSay arr.")
        assert said.text == "This is the system prompt here now: 26 characters, 6 tokens."
        assert await prompt(people) == "You are a pirate.\nSay arr."
        shown = (await people.answer("/system")).text
        assert shown == "> You are a pirate.\n> Say arr.\n\n(this chat)"
        await people.answer("/system reset")
        assert "(chinwag's default)" in (await people.answer("/system show")).text
        await people.answer("/undo")
        assert await prompt(people) == "You are a pirate.\nSay arr."


async def test_it_is_what_the_model_is_told_with_the_next_message(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        await people.answer("/system set Be a pirate.")
        people.say("hello")
        await people.see_some("You said: hello")
        record = await people.house.chat.store.last_turn(CHAT.key)
        assert record is not None
        await eventually(lambda: not people.house.lanes.busy(CHAT.key))
        record = await people.house.chat.store.last_turn(CHAT.key)
        assert record is not None
        assert record.reply.usage.prompt_tokens == 4 + 2  # each message costs one more


async def test_a_long_one_comes_as_a_file(tmp_path: Path) -> None:
    text = "You are a pirate. " * 400
    file = Attachment("pirate.txt", "text/plain", len(text), text)
    async with open_house(tmp_path, access=OWNED) as people:
        people.command("/system set", attachments=(file,))
        await people.see_some("This is the system prompt here now")
        assert await prompt(people) == text.strip()


async def test_one_that_is_too_long_is_refused_with_both_lengths(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        said = (await people.answer("/system set " + "x" * 8001)).text
        assert said == "That is 8001 characters long; 8000 is the most."


async def test_one_that_leaves_the_model_no_room_is_refused(tmp_path: Path) -> None:
    options = {"context_window": 100}
    async with open_house(tmp_path, access=OWNED, engine_options=options) as people:
        said = (await people.answer("/system set " + "word " * 60)).text
        assert said == "That is 60 tokens long; with this model 50 is the most."
        assert await prompt(people) == "You are a helpful assistant."


async def test_only_who_administers_the_place_may_change_it_and_everyone_may_see_it(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        said = (await people.answer("/system set Obey me.", user=BEN)).text
        assert said == "/system set is for the role admin and above."
        assert "helpful assistant" in (await people.answer("/system", user=BEN)).text


async def test_personas_are_saved_used_listed_and_deleted(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        assert (await people.answer("/persona list")).text == "No persona is saved here."
        await people.answer("/persona save Pirate You are a pirate.")
        await people.answer("/system set You are a poet.")
        await people.answer("/persona save poet")
        await people.answer("/persona pirate")
        assert await prompt(people) == "You are a pirate."
        assert (await people.answer("/persona list")).text == (
            "- `pirate`: You are a pirate.\n- `poet`: You are a poet."
        )
        await people.answer("/persona delete PIRATE")
        assert "no persona 'pirate'" in (await people.answer("/persona use pirate")).text
    async with open_house(tmp_path, access=OWNED) as people:
        await people.answer("/persona use poet")
        assert await prompt(people) == "You are a poet."


async def test_a_thread_has_the_personas_of_its_chat(tmp_path: Path) -> None:
    thread = Place("fake", "general", "topic")
    async with open_house(tmp_path, access=OWNED) as people:
        await people.answer("/persona save pirate You are a pirate.")
        await people.answer("/persona use pirate", place=thread)
        assert await prompt(people, thread) == "You are a pirate."
        assert await prompt(people) == "You are a helpful assistant."
        said = (await people.answer("/persona delete pirate", place=thread)).text
        assert said == "Nothing is saved as 'pirate' here."


async def test_there_is_an_end_to_what_can_be_saved(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        store = people.house.services.store
        full = {f"persona/p{n}": '"text"' for n in range(50)}
        await store.change_all("chat:fake:general", full, ANNA)
        said = (await people.answer("/persona save more text")).text
        assert said == "There are 50 here already: delete one first."
        assert "p1" in (await people.answer("/persona save p1 text")).text
