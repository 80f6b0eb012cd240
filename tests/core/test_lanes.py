from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot import lanes, texts
from bot.types import Place, TurnState
from tests.core.house import ANNA, BEN, CHAT, People, eventually, open_house

OTHER = Place("fake", "random")
ENDLESS = {"match": "endless", "text": "on and " * 2000}
SLOW = {"match": "slow", "delay": 60, "text": "late"}
GREETING = {"match": r"hello (\w+)", "text": r"Hello, \1!"}
COUNT = {"match": "count", "text": "one two three four five six seven eight nine ten"}
FULL = {"concurrency": 1, "max_queue": 0}


async def texts_kept(people: People) -> list[str]:
    return [m.text for m in await people.house.chat.store.history(CHAT.key, 10)]


async def busy(people: People) -> None:
    await eventually(lambda: people.house.lanes.busy(CHAT.key))


async def test_a_full_engine_is_waited_for_with_the_place_in_line_shown(tmp_path: Path) -> None:
    async with open_house(
        tmp_path, [COUNT, GREETING], tokens_per_second=30, engine_options=FULL
    ) as people:
        people.say("hello world", place=OTHER)  # from here on the engine knows what a wait takes
        await people.see("Hello, world!", place=OTHER)
        people.say("count", place=OTHER)
        await people.see_some("one", place=OTHER)
        people.say("hello moon")
        await people.see_some("1st in line")
        await people.see("Hello, moon!")


async def test_a_place_in_the_engines_line_is_shown(tmp_path: Path) -> None:
    async with open_house(
        tmp_path, [ENDLESS, GREETING], tokens_per_second=200, engine_options={"concurrency": 1}
    ) as people:
        people.say("endless", place=OTHER)
        await people.see_some("on and", place=OTHER)
        people.say("hello world")
        await people.see_some("1st in line")
        people.press(texts.STOP(), place=OTHER)
        await people.see("Hello, world!")


async def test_who_leaves_does_not_wait_for_a_network_that_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "FAREWELL", 0.01)
    async with open_house(tmp_path, [ENDLESS], tokens_per_second=200) as people:
        people.say("endless")
        await people.see_some("on and")
        people.network.away = True
        await people.house.lanes.leave(ANNA)
        assert people.house.lanes.busy(CHAT.key)  # its end is not told yet


async def test_whoever_waits_in_line_can_leave_it(tmp_path: Path) -> None:
    async with open_house(
        tmp_path, [ENDLESS], tokens_per_second=200, engine_options={"concurrency": 1}
    ) as people:
        people.say("endless", place=OTHER)
        await people.see_some("on and", place=OTHER)
        people.say("hello world")
        await people.see_some("1st in line")
        people.press(texts.CANCEL())
        await people.see_some(texts.STOPPED())
        assert people.house.lanes.busy(OTHER.key)


async def test_a_question_deleted_while_it_is_answered_ends_the_answer(tmp_path: Path) -> None:
    async with open_house(tmp_path, [ENDLESS, GREETING], tokens_per_second=200) as people:
        asked = people.say("endless")
        await people.see_some("on and")
        people.delete(asked)
        await people.see_some(texts.QUESTION_GONE())
        people.say("hello world")
        await people.see_some("Hello, world!")
        assert "endless" not in await texts_kept(people)


async def test_a_question_deleted_before_its_first_word_is_passed_over_in_silence(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, [SLOW, GREETING]) as people:
        asked = people.say("slow")
        await busy(people)
        people.delete(asked)
        people.say("hello world")
        await people.see("Hello, world!")


async def test_a_question_edited_while_it_is_answered_is_answered_as_it_stands_then(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, [ENDLESS, GREETING], tokens_per_second=200) as people:
        asked = people.say("endless")
        await people.see_some("on and")
        people.edit(asked, "hello world")
        await people.see("Hello, world!")
        assert await texts_kept(people) == ["hello world", "Hello, world!"]


async def test_a_question_edited_before_its_first_word_has_one_answer(tmp_path: Path) -> None:
    async with open_house(tmp_path, [SLOW, GREETING]) as people:
        asked = people.say("slow")
        await busy(people)
        people.edit(asked, "hello world")
        await people.see("Hello, world!")
        assert await texts_kept(people) == ["hello world", "Hello, world!"]


async def test_a_question_edited_while_it_waits_is_answered_once(tmp_path: Path) -> None:
    async with open_house(tmp_path, [ENDLESS, GREETING], tokens_per_second=200) as people:
        people.say("endless")
        asked = people.say("hello world")
        await people.see_some("on and")
        people.edit(asked, "hello moon")
        await eventually(lambda: people.network.events.empty())
        people.press(texts.STOP())
        await people.see_some("Hello, moon!")
        assert not any("world" in text for text in people.network.texts(CHAT))


async def test_two_commands_at_once_both_have_their_answer(tmp_path: Path) -> None:
    async with open_house(tmp_path, access={"owner": ["fake:1", "fake:2"]}) as people:
        people.command("/set temperature 0.1", user=ANNA)
        people.command("/set temperature 0.2", user=BEN)
        await eventually(lambda: len(people.network.messages(CHAT)) == 2)
        changes = await people.house.services.store.changes("chat:fake:general", 5)
        assert {change.new for change in changes} == {"0.1", "0.2"}
        assert changes[0].old == changes[1].new


async def test_two_regenerations_at_once_end_with_one_answer(tmp_path: Path) -> None:
    async with open_house(tmp_path, [COUNT], tokens_per_second=200) as people:
        people.say("count")
        await people.see(COUNT["text"])
        people.command("/regenerate")
        people.command("/regenerate", user=BEN)
        await busy(people)
        await people.see(COUNT["text"])
        await eventually(lambda: not people.house.lanes.busy(CHAT.key))
        assert await texts_kept(people) == ["count", COUNT["text"]]


async def test_stop_ends_the_reply_and_not_what_waits_behind_it(tmp_path: Path) -> None:
    async with open_house(tmp_path, [ENDLESS, GREETING], tokens_per_second=200) as people:
        people.say("endless")
        people.say("hello world")
        await people.see_some("on and")
        people.command("/stop", user=BEN)
        await people.see_some("Hello, world!")


async def test_a_reply_in_flight_ends_before_the_bot_does(tmp_path: Path) -> None:
    async with open_house(tmp_path, [COUNT], tokens_per_second=100) as people:
        people.say("count")
        await people.see_some("one")
        await people.house.lanes.close(20)
        await people.see(COUNT["text"])


async def test_a_reply_that_does_not_end_in_time_is_kept_as_cut_off_by_a_restart(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, [ENDLESS], tokens_per_second=200) as people:
        people.say("endless")
        await people.see_some("on and")
        await people.house.lanes.close(0)
        await people.see_some(texts.CUT_BY_RESTART())
        assert texts.TRY_AGAIN() in people.labels()
        record = await people.house.chat.store.last_turn(CHAT.key)
        assert record is not None
        assert record.turn.state is TurnState.INTERRUPTED
        assert record.reply.text.startswith("on and")


async def test_what_waited_when_the_bot_ended_is_answered_after_the_restart(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, [ENDLESS], tokens_per_second=200) as people:
        people.say("endless")
        await people.see_some("on and")
        people.say("hello world")
        await eventually(lambda: people.network.events.empty())
        closing = asyncio.create_task(people.house.lanes.close(0.1))
        people.say("hello moon")
        await closing
        network = people.network
        await people.see_some(texts.CUT_BY_RESTART())
        await eventually(lambda: network.events.empty())
    async with open_house(tmp_path, [GREETING], network=network) as people:
        await eventually(lambda: network.texts(CHAT)[1:] == ["Hello, world!", "Hello, moon!"])
        assert texts.CUT_BY_RESTART() in network.texts(CHAT)[0]
