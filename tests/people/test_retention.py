"""How long what is said is kept."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot import texts_for_people as said
from bot.types import Place, utcnow
from tests.core.house import BEN, CHAT, People, eventually, open_house

pytestmark = pytest.mark.slow

OTHER = Place("fake", "random", server="guild")
OWNED = {"owner": ["fake:1"], "allow": ["everyone"]}
IN_A_WEEK = timedelta(days=7, hours=1)


async def history(people: People, place: Place = CHAT) -> list[str]:
    return [m.text for m in await people.house.chat.store.history(place.key, 50)]


async def spoken(people: People, *places: Place) -> None:
    for place in places:
        people.say("hello", place=place)
        await people.see_last("You said: hello", place=place)


async def sweep(people: People, later: timedelta) -> int:
    """What the daily job does when so much time has passed."""
    return await people.house.services.retention.sweep(utcnow() + later)


async def test_without_a_word_about_it_all_is_kept_for_ever(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        await spoken(people, CHAT)
        assert (await people.answer("/retention")).text == said.KEPT_FOR_EVER()
        assert await sweep(people, timedelta(days=10_000)) == 0


async def test_what_is_older_than_the_config_says_is_deleted_with_its_answer(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, access=OWNED, retention={"days": 7}) as people:
        await spoken(people, CHAT, OTHER)
        assert (await people.answer("/retention")).text == said.kept_for(7)
        assert await sweep(people, timedelta(days=6)) == 0
        assert await sweep(people, IN_A_WEEK) == 2
        assert await history(people) == await history(people, OTHER) == []


async def test_a_place_can_keep_less_or_more(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED, retention={"days": 30}) as people:
        people.network.admins.add(BEN)
        await spoken(people, CHAT, OTHER)
        await people.answer("/retention 7", user=BEN)
        await people.answer("/retention forever", place=OTHER)
        assert await sweep(people, IN_A_WEEK) == 1
        assert await history(people) == []
        await sweep(people, timedelta(days=1000))
        assert await history(people, OTHER) == ["hello", "You said: hello"]


async def test_a_place_goes_back_to_what_the_config_says(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        await people.answer("/retention 7")
        await people.answer("/retention default")
        assert (await people.answer("/retention")).text == said.KEPT_FOR_EVER()


@pytest.mark.parametrize("days", ["0", "-3", "soon", "1.5"])
async def test_what_can_be_no_number_of_days_is_refused(tmp_path: Path, days: str) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        assert "a whole number from 1" in (await people.answer(f"/retention {days}")).text


async def test_users_may_not_decide_about_it(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        assert "role admin" in (await people.answer("/retention 1", user=BEN)).text


async def test_the_conversation_goes_on_after_its_past_is_deleted(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED, retention={"days": 7}) as people:
        await spoken(people, CHAT)
        await sweep(people, IN_A_WEEK)
        people.say("and now?")
        await people.see_last("You said: and now?")
        assert await history(people) == ["and now?", "You said: and now?"]


async def test_what_is_being_answered_stays(tmp_path: Path) -> None:
    slow = {"match": "slow", "delay": 60, "text": "late"}
    async with open_house(tmp_path, [slow], access=OWNED, retention={"days": 7}) as people:
        people.say("slow")
        await eventually(lambda: people.house.lanes.busy(CHAT.key))
        assert await sweep(people, IN_A_WEEK) == 0


async def test_more_than_one_part_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.retention.MESSAGES", 2)
    monkeypatch.setattr("bot.retention.CONVERSATIONS", 1)
    async with open_house(tmp_path, access=OWNED, retention={"days": 7}) as people:
        for number in range(5):
            people.say(f"hello {number}")
        await people.see_some("You said: hello 4")
        await spoken(people, OTHER)
        assert await sweep(people, IN_A_WEEK) == 6


async def test_the_job_begins_with_the_bot(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED, retention={"days": 7}) as people:
        past = utcnow() - timedelta(days=8)
        people.say("long ago", time=past)
        await eventually(lambda: history_is(people, ["long ago"]))
        job = asyncio.create_task(people.house.services.retention.run())
        await eventually(lambda: history_is(people, []))
        job.cancel()


async def history_is(people: People, expected: list[str]) -> bool:
    return await history(people) == expected
