"""What is kept of people, and what they can do about it."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import texts_for_people as said
from bot.commands.rights import packed
from bot.errors import CommandError
from bot.rights import Rights
from bot.store import Store
from bot.testing import FakeNetwork
from bot.types import Message, Place, Post, UserRef
from tests.core.house import ANNA, BEN, CHAT, NO_LIMIT, QUICK, People, eventually, open_house

pytestmark = pytest.mark.slow

ALONE = Place("fake", "ben", private=True)
OTHER = Place("fake", "random")
SECRET = "my cat is Schnurrbert"
ENDLESS = {"match": "endless", "text": "on and " * 2000}


def document(post: Post) -> dict[str, Any]:
    [file] = post.files
    found: dict[str, Any] = json.loads(file.data)
    return found


async def history(people: People, place: Place = CHAT) -> list[str]:
    return [m.text for m in await people.house.chat.store.history(place.key, 50)]


async def remembers(people: People, *texts: str, place: Place = CHAT) -> None:
    """Sooner or later exactly this is the history."""

    async def holds() -> bool:
        return await history(people, place) == list(texts)

    await eventually(holds)


async def has_ended(people: People, turn: int) -> bool:
    record = await people.house.chat.store.turn(turn)
    return record is not None and record.turn.state.ended


async def both_have_spoken(people: People) -> None:
    people.say("hello from Anna")
    await people.see_last("You said: hello from Anna")
    people.say(SECRET, user=BEN)
    await people.see_last(f"You said: {SECRET}")


# --- mydata --------------------------------------------------------------------------------------


async def test_all_that_is_kept_of_a_person_comes_as_a_file(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        people.network.admins.add(BEN)
        await both_have_spoken(people)
        await people.answer("/set temperature 0.5", user=BEN)
        mine = document(await people.answer("/mydata", user=BEN, place=ALONE))
        [message] = mine["messages"]
        assert message["text"] == SECRET
        assert message["place"]["chat"] == CHAT.chat
        assert [reply["text"] for reply in message["replies"]] == [f"You said: {SECRET}"]
        assert [change["name"] for change in mine["changes"]] == ["temperature"]
        assert [used["messages"] for used in mine["usage"]] == [1]
        assert mine["person"]["name"] == "Ben"
        assert "hello from Anna" not in json.dumps(mine)


async def test_of_a_stranger_nothing_is_kept(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        mine = document(await people.answer("/mydata", place=ALONE))
        assert (mine["person"], mine["messages"], mine["usage"]) == (None, [], [])


async def test_where_others_would_see_it_it_is_said_where_to_ask(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        answer = await people.answer("/mydata")
        assert (answer.text, answer.files) == (said.ASK_IN_PRIVATE(), ())


def test_what_is_too_large_for_a_network_is_packed_and_else_refused() -> None:
    data = b"x" * 1000
    assert packed(data, 1000).data == data
    assert gzip.decompress(packed(data, 500).data) == data
    with pytest.raises(CommandError, match="ask my owner"):
        packed(data, 5)


# --- forgetme ------------------------------------------------------------------------------------


async def test_nothing_is_forgotten_without_a_yes(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        await both_have_spoken(people)
        assert (await people.answer("/forgetme", user=BEN)).text == said.FORGET_SURE()
        assert SECRET in await history(people)


async def test_a_button_for_whoever_asked_is_a_yes_once(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        await both_have_spoken(people)
        await people.answer("/forgetme", user=BEN)
        people.press(said.FORGET_ME(), user=ANNA)
        people.press(said.FORGET_ME(), user=BEN)
        await people.see_last(said.FORGOTTEN())
        people.press(said.FORGET_ME(), user=BEN)
        people.command("/mydata", user=BEN, place=ALONE)
        await people.see_some(said.YOUR_DATA(), place=ALONE)
        assert people.network.texts(CHAT).count(said.FORGOTTEN()) == 1
        assert SECRET not in await history(people)


async def test_where_there_are_no_buttons_a_word_is_needed(tmp_path: Path) -> None:
    network = FakeNetwork(limits=replace(QUICK, buttons=False))
    async with open_house(tmp_path, network=network) as people:
        asked = await people.answer("/forgetme", user=BEN)
        assert said.FORGET_HOW() in asked.text
        assert not asked.buttons


async def test_a_mark_stays_in_place_of_what_is_forgotten_and_others_messages_stay(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as people:
        await both_have_spoken(people)
        people.command("/regenerate", user=BEN)
        await eventually(lambda: has_ended(people, 3))
        assert (await people.answer("/forgetme yes", user=BEN)).text == said.FORGOTTEN()
        await remembers(
            people,
            "hello from Anna",
            "You said: hello from Anna",
            "(removed)",
        )
        mine = document(await people.answer("/mydata", user=BEN, place=ALONE))
        assert (mine["person"], mine["messages"], mine["usage"]) == (None, [], [])


async def test_what_is_forgotten_is_not_in_the_database_file_any_more(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        await both_have_spoken(people)
        people.say(SECRET, user=BEN, place=ALONE)
        await people.see(f"You said: {SECRET}", place=ALONE)
        await people.answer("/forgetme yes", user=BEN)
        files = list(tmp_path.glob("chinwag.db*"))
        assert not any(b"Schnurrbert" in file.read_bytes() for file in files)


async def test_of_a_private_chat_nothing_is_left(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        people.say(SECRET, user=BEN, place=ALONE)
        await people.see(f"You said: {SECRET}", place=ALONE)
        await people.answer("/forgetme yes", user=BEN, place=ALONE)
        assert await history(people, ALONE) == []


async def test_what_is_being_answered_ends_first_and_is_forgotten_too(tmp_path: Path) -> None:
    async with open_house(tmp_path, [ENDLESS], tokens_per_second=200) as people:
        people.say("endless", user=BEN)
        await people.see_some("on and")
        people.say("endless too", user=BEN)
        people.say("hello from Anna")
        await eventually(lambda: people.house.lanes.waiting(CHAT.key) == 2)
        people.command("/forgetme yes", user=BEN)
        await people.see_some("You said: hello from Anna")
        await people.see_some(said.FORGOTTEN())
        await remembers(
            people,
            "(removed)",
            "(removed)",
            "hello from Anna",
            "You said: hello from Anna",
        )


async def test_buttons_under_a_forgotten_answer_do_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        people.say(SECRET, user=BEN)
        await people.see(f"You said: {SECRET}")
        await people.answer("/forgetme yes", user=BEN)
        people.press("Regenerate", user=BEN)
        people.say("hello from Anna")
        await people.see_last("You said: hello from Anna")
        await remembers(
            people,
            "(removed)",
            "hello from Anna",
            "You said: hello from Anna",
        )


async def test_forgetting_gives_no_new_tokens(tmp_path: Path) -> None:
    limits = {"user": {**NO_LIMIT, "tokens_per_day": 3}}
    async with open_house(tmp_path, limits=limits) as people:
        people.say("many words to be read", user=BEN)
        await people.see("You said: many words to be read")
        await people.answer("/forgetme yes", user=BEN)
        people.say("hello", user=BEN)
        await people.see_some("today's tokens")


async def test_forgetting_lifts_no_block(tmp_path: Path) -> None:
    access = {"owner": ["fake:1"], "allow": ["everyone"]}
    async with open_house(tmp_path, access=access) as people:
        await people.answer("/block 2")
        await people.answer("/forgetme yes", user=BEN, place=ALONE)
        before = people.network.texts(CHAT)
        people.say("hello", user=BEN)
        people.say("the end")
        await people.see(*before, "You said: the end")


class Diary:
    """A plugin that keeps something."""

    def __init__(self, *, broken: bool = False) -> None:
        self.kept = {BEN: ["Ben was here"]}
        self._broken = broken

    async def export(self, store: Store, user: UserRef) -> list[str]:
        return self.kept.get(user, [])

    async def forget(self, store: Store, user: UserRef) -> None:
        if self._broken:
            raise OSError("disk full")
        self.kept.pop(user, None)


async def test_plugins_take_part(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        diary = Diary()
        rights = Rights(people.house.chat.store, people.house.lanes, {"diary": diary})
        assert json.loads(await rights.export(BEN))["plugins"] == {"diary": ["Ben was here"]}
        assert await rights.forget(BEN) == []
        assert diary.kept == {}


async def test_a_plugin_that_fails_to_forget_is_named_and_keeps_nobody_else_from_it(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as people:
        broken, diary = Diary(broken=True), Diary()
        rights = Rights(
            people.house.chat.store, people.house.lanes, {"broken": broken, "diary": diary}
        )
        assert await rights.forget(BEN) == ["broken"]
        assert diary.kept == {}


# --- optout, optin -------------------------------------------------------------------------------


async def test_what_is_said_after_opting_out_is_neither_kept_nor_answered(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        await people.answer("/optout", user=BEN)
        people.say(SECRET, user=BEN)
        people.say(SECRET, user=BEN)
        people.command(f"/ask {SECRET}", user=BEN)
        people.say("hello from Anna")
        await people.see_some("You said: hello from Anna")
        await people.see_some(said.IS_OPTED_OUT())
        await remembers(people, "hello from Anna", "You said: hello from Anna")
        files = list(tmp_path.glob("chinwag.db*"))
        assert not any(b"Schnurrbert" in file.read_bytes() for file in files)


async def test_what_was_said_before_opting_out_is_no_longer_read(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        await both_have_spoken(people)
        await people.answer("/optout", user=BEN)
        assert SECRET not in await history(people)
        await people.answer("/optin", user=BEN)
        assert SECRET in await history(people)


async def test_what_is_changed_after_opting_out_is_not_kept(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        asked = people.say("hello from Ben", user=BEN)
        await people.see("You said: hello from Ben")
        await people.answer("/optout", user=BEN)
        people.edit(asked, SECRET)
        people.say("hello from Anna")
        await people.see_last("You said: hello from Anna")
        await people.answer("/optin", user=BEN)
        assert SECRET not in await history(people)


async def test_opting_out_lasts_over_restarts_and_forgetting_until_one_opts_in(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as people:
        await people.answer("/optout", user=BEN)
        await people.answer("/forgetme yes", user=BEN)
    async with open_house(tmp_path) as people:
        people.say("hello", user=BEN)
        await people.see(said.IS_OPTED_OUT())
        await people.answer("/optin", user=BEN)
        people.say("hello", user=BEN)
        await people.see_last("You said: hello")


async def test_what_comes_late_after_an_outage_is_not_kept_either(tmp_path: Path) -> None:
    async with open_house(tmp_path, turns={"max_age": 0.001}) as people:
        await people.answer("/optout", user=BEN)
        people.say(SECRET, user=BEN)
        await eventually(people.network.events.empty)
        message = Message("user", SECRET, BEN, "late")
        await people.house.services.intake.overhear(OTHER, message)
        await people.answer("/optin", user=BEN)
        assert await history(people) == await history(people, OTHER) == []
