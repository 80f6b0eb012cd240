"""How much people may ask for. Buckets are tried with rates at which nothing comes back in a
test's time; that it comes back is tried on the store, whose clock a test can turn."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import texts
from bot.limits import until_tomorrow
from bot.types import Place
from tests.core.house import ANNA, BEN, CHAT, NO_LIMIT, People, open_house

pytestmark = pytest.mark.slow

OTHER = Place("fake", "random")
SLOW = {"match": "slow", "delay": 60, "text": "late"}
WORDS = {"match": "words", "text": "one two three four"}
OWNED = {"owner": ["fake:1"], "allow": ["everyone"]}
AGAIN = re.compile(r"again in \d+ s|again in \d+ min \d+ s")


def user(**limits: int) -> dict[str, Any]:
    return {"limits": {"user": {**NO_LIMIT, **limits}}}


def answered(people: People, place: Place = CHAT) -> int:
    return sum(text.startswith("You said") for text in people.network.texts(place))


def refusals(people: People, place: Place = CHAT) -> list[str]:
    return [text for text in people.network.texts(place) if AGAIN.search(text)]


async def flush(people: People, place: Place = CHAT) -> None:
    """All that was said before has been seen by the core, and answered."""
    people.say("the end", user=ANNA, place=place)
    await people.see_last("You said: the end", place=place)


async def test_beyond_so_many_a_minute_it_is_said_once_when_to_come_again(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED, **user(messages_per_minute=2)) as people:
        for number in range(6):
            people.say(f"hello {number}", user=BEN)
        await people.see_some("You said: hello 1")
        await flush(people)
        assert answered(people) == 2 + 1
        assert len(refusals(people)) == 1


async def test_a_restart_resets_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED, **user(messages_per_minute=1)) as people:
        people.say("hello", user=BEN)
        await people.see("You said: hello")
    async with open_house(tmp_path, access=OWNED, **user(messages_per_minute=1)) as people:
        people.say("hello again", user=BEN)
        await people.see_some("again in")


async def test_a_persons_limit_holds_in_all_places_together(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED, **user(messages_per_minute=1)) as people:
        people.say("hello", user=BEN)
        await people.see("You said: hello")
        people.say("hello", user=BEN, place=OTHER)
        await people.see_some("again in", place=OTHER)


async def test_in_a_group_each_is_counted_apart(tmp_path: Path) -> None:
    async with open_house(tmp_path, **user(messages_per_minute=1)) as people:
        people.say("hello from Anna")
        people.say("hello from Ben", user=BEN)
        await people.see_some("You said: hello from Anna")
        await people.see_some("You said: hello from Ben")
        assert refusals(people) == []


async def test_an_owner_has_no_limit_unless_the_config_sets_one(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED, **user(messages_per_minute=1)) as people:
        for number in range(5):
            people.say(f"hello {number}")
        await people.see(*(f"You said: hello {number}" for number in range(5)))


@pytest.mark.parametrize("way", ["/regenerate", "/ask more", "button", "edit"])
async def test_whatever_costs_an_answer_counts(tmp_path: Path, way: str) -> None:
    async with open_house(tmp_path, access=OWNED, **user(messages_per_minute=1)) as people:
        asked = people.say("hello", user=BEN)
        await people.see("You said: hello")
        match way:
            case "button":
                people.press(texts.REGENERATE(), user=BEN)
                await people.see_some("again in")
            case "edit":
                people.edit(asked, "hello there")
                await flush(people)
                assert "You said: hello there" not in people.network.texts(CHAT)
            case _:
                assert "again in" in (await people.answer(way, user=BEN)).text


async def test_once_a_days_tokens_are_used_it_is_said_when_there_are_more(tmp_path: Path) -> None:
    async with open_house(tmp_path, [WORDS], access=OWNED, **user(tokens_per_day=5)) as people:
        people.say("words", user=BEN)
        await people.see(WORDS["text"])
        people.say("words", user=BEN, place=OTHER)
        await people.see_some("today's tokens", place=OTHER)
        people.say("words")
        await people.see(WORDS["text"], WORDS["text"])


async def test_a_stopped_answer_is_counted_as_far_as_it_came(tmp_path: Path) -> None:
    endless = {"match": "endless", "text": "on and " * 2000}
    async with open_house(
        tmp_path, [endless], tokens_per_second=500, access=OWNED, **user(tokens_per_day=1)
    ) as people:
        people.say("endless", user=BEN)
        await people.see_some("on and")
        people.command("/stop", user=BEN)
        await people.see_some(texts.STOPPED())
        people.say("hello", user=BEN)
        await people.see_some("today's tokens")


async def test_so_many_may_wait_in_all_conversations_together(tmp_path: Path) -> None:
    async with open_house(tmp_path, [SLOW], access=OWNED, **user(waiting=2)) as people:
        people.say("slow", user=BEN)
        people.say("slow", user=BEN, place=OTHER)
        people.say("hello", user=BEN)
        people.say("hello", user=BEN)
        await people.see_some("2 messages wait")
        people.say("from Anna", place=Place("fake", "elsewhere"))
        await people.see("You said: from Anna", place=Place("fake", "elsewhere"))
        assert sum("messages wait" in text for text in people.network.texts(CHAT)) == 1


# --- set and shown from the chat ---------------------------------------------------------------


async def test_a_chat_can_have_a_limit_for_all_its_people_together(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        people.network.admins.add(BEN)
        await people.answer("/limits set messages_per_minute 1", user=BEN)
        people.say("hello", user=BEN)
        await people.see_some("You said: hello")
        people.say("more", user=BEN)
        await people.see_some("again in")
        people.say("but in another chat", user=BEN, place=OTHER)
        await people.see("You said: but in another chat", place=OTHER)
        people.say("an owner is not held up")
        await people.see_some("You said: an owner")


async def test_an_owner_gives_one_person_more_or_less(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED, **user(messages_per_minute=1)) as people:
        await people.answer("/limits set messages_per_minute 3 fake:2")
        for number in range(3):
            people.say(f"hello {number}", user=BEN)
        await people.see_some("You said: hello 2")
        await people.answer("/limits set messages_per_minute default 2")
        people.say("hello 3", user=BEN)
        await people.see_some("again in")


async def test_no_limit_can_be_set_too(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED, **user(messages_per_minute=1)) as people:
        await people.answer("/limits set messages_per_minute off 2")
        for number in range(4):
            people.say(f"hello {number}", user=BEN)
        await people.see_some("You said: hello 3")


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "nan", "many", "3️⃣"])
async def test_what_can_be_no_limit_is_refused(tmp_path: Path, value: str) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        refused = await people.answer(f"/limits set waiting {value}")
        assert "a whole number from 1" in refused.text


async def test_whoever_may_not_set_a_limit_is_told_who_may(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        refused = await people.answer("/limits set waiting 1", user=BEN)
        assert "role admin" in refused.text
        people.network.admins.add(BEN)
        refused = await people.answer("/limits set waiting 1 fake:1", user=BEN)
        assert "role owner" in refused.text


async def test_everyone_sees_what_they_may_and_have_used(tmp_path: Path) -> None:
    async with open_house(tmp_path, [WORDS], **user(tokens_per_day=100)) as people:
        people.say("words")
        await people.see(WORDS["text"])
        shown = (await people.answer("/limits")).text.splitlines()
        assert re.fullmatch(r"- `tokens_per_day` \d+ of 100", shown[2])
        assert shown[3] == "- `waiting` 0 of no limit"


async def test_a_change_of_a_limit_is_undone_like_any_other(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        await people.answer("/limits set waiting 3")
        assert "waiting" in (await people.answer("/settings history")).text
        await people.answer("/undo")
        assert "- `waiting` 0 of no limit" in (await people.answer("/limits")).text


def test_tomorrow_begins_at_midnight_utc() -> None:
    assert until_tomorrow(datetime(2026, 11, 24, 23, 59, 20, tzinfo=UTC)) == 40
    assert until_tomorrow(datetime(2026, 11, 24, tzinfo=UTC)) == 86_400
