"""Leaving `open_house` is like kill -9."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import patience, recovery, texts
from bot.delivery.settings import DeliverySettings
from bot.errors import StoreUnavailable
from bot.types import TurnState, utcnow
from tests.core.house import CHAT, People, eventually, open_house

ENDLESS = {"match": "endless", "text": "on and " * 2000}
PONDER = {"match": "ponder", "thinking": "hm " * 2000, "text": "Yes."}
SLOW = {"match": "slow", "delay": 60, "text": "late"}
GREETING = {"match": r"hello (\w+)", "text": r"Hello, \1!"}


class Locked:
    """Stands before a method of the store: `times` it fails, then it works."""

    def __init__(self, people: People, method: str, times: int, patch: pytest.MonkeyPatch):
        self._method = getattr(people.house.chat.store, method)
        self.left = times
        patch.setattr(people.house.chat.store, method, self)

    async def __call__(self, *arguments: Any) -> Any:
        if self.left:
            self.left -= 1
            raise StoreUnavailable("The database is locked.")
        return await self._method(*arguments)


async def begun(people: People) -> bool:
    """Whether a part of the last reply is stored, and where it stands."""
    record = await people.house.chat.store.last_turn(CHAT.key)
    return record is not None and record.turn.state is not TurnState.QUEUED and bool(record.posts)


async def handed_over(people: People) -> None:
    """Until the bot has taken in all that was said."""
    await eventually(lambda: people.network.events.empty())
    people.command("/help")
    await people.see_some("/help")


async def test_a_turn_that_had_not_begun_is_answered_after_a_crash(tmp_path: Path) -> None:
    async with open_house(tmp_path, [SLOW]) as people:
        people.say("slow hello world")
        await eventually(lambda: people.house.lanes.busy(CHAT.key))
        network = people.network
    async with open_house(tmp_path, [GREETING], network=network) as people:
        await people.see("Hello, world!")


@pytest.mark.parametrize(
    ("question", "sign"), [("endless", "on and"), ("ponder", "thinking")], ids=["text", "thought"]
)
async def test_what_was_said_before_a_crash_stays_as_cut_off_and_can_be_tried_again(
    tmp_path: Path, question: str, sign: str
) -> None:
    async with open_house(tmp_path, [ENDLESS, PONDER], tokens_per_second=200) as people:
        people.say(question)
        await people.see_some(sign)
        await eventually(lambda: begun(people))
        network = people.network
    async with open_house(tmp_path, network=network) as people:
        await people.see_some(texts.CUT_BY_RESTART())
        people.press(texts.TRY_AGAIN())
        await people.see(f"You said: {question}")


async def test_a_finished_reply_that_the_network_did_not_take_is_delivered_after_a_crash(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, [GREETING]) as people:
        people.network.away = True
        people.say("hello world")
        store = people.house.chat.store

        async def ended() -> bool:
            record = await store.last_turn(CHAT.key)
            return record is not None and record.turn.state is TurnState.DONE

        await eventually(ended)
        network = people.network
    network.away = False
    async with open_house(tmp_path, network=network) as people:
        await people.see("Hello, world!")


@pytest.mark.slow
async def test_a_reply_that_an_outage_held_up_is_delivered_when_the_network_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "EVERY", 0.05)
    async with open_house(tmp_path, [GREETING]) as people:
        people.house.chat.presenters["fake"].settings = DeliverySettings(give_up_after=0)
        people.network.away = True
        people.say("hello world")
        await eventually(lambda: _waits_for_its_network(people))
        people.network.away = False
        await people.see("Hello, world!")
        await eventually(lambda: not people.house.lanes.busy(CHAT.key))


async def _waits_for_its_network(people: People) -> bool:
    pending = await people.house.chat.store.pending("fake")
    return bool(pending) and not people.house.lanes.answers(pending[0].turn)


async def test_a_delivered_reply_is_not_delivered_again(tmp_path: Path) -> None:
    async with open_house(tmp_path, [GREETING]) as people:
        people.say("hello world")
        await people.see("Hello, world!")
        await eventually(lambda: not people.house.lanes.busy(CHAT.key))
        network = people.network
    sent = len(network.seen("send"))
    async with open_house(tmp_path, [GREETING], network=network) as people:
        people.say("hello moon", id="later")
        await people.see("Hello, world!", "Hello, moon!")
    assert len(network.seen("send")) == sent + 1


async def test_a_question_that_grew_stale_meanwhile_is_marked_and_not_answered(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, [SLOW]) as people:
        people.say("slow hello world", time=utcnow() - timedelta(minutes=5))
        await eventually(lambda: people.house.lanes.busy(CHAT.key))
        network = people.network
    turns = {"max_age": 60}
    async with open_house(tmp_path, [GREETING], network=network, turns=turns) as people:
        await people.see_some(texts.CUT_BY_RESTART())
        assert texts.TRY_AGAIN() in people.labels()


async def test_a_question_deleted_before_a_crash_is_not_answered_after_it(tmp_path: Path) -> None:
    async with open_house(tmp_path, [ENDLESS, SLOW], tokens_per_second=200) as people:
        people.say("endless")
        asked = people.say("hello world")
        await people.see_some("on and")
        people.delete(asked)
        await handed_over(people)
        network = people.network
    async with open_house(tmp_path, [GREETING], network=network) as people:
        people.say("hello moon", id="later")
        await people.see_some("Hello, moon!")
        assert not any("world" in text for text in network.texts(CHAT))


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("method", ["add_buttons", "posted", "finish", "delivered"])
async def test_a_store_that_fails_for_a_moment_costs_no_answer(
    tmp_path: Path, method: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.01, 0.01, 0.01))
    async with open_house(tmp_path, [GREETING]) as people:
        locked = Locked(people, method, times, monkeypatch)
        people.say("hello world")
        await people.see("Hello, world!")
        await eventually(lambda: locked.left == 0)
        history = await people.house.chat.store.history(CHAT.key, 10)
        assert [m.text for m in history] == ["hello world", "Hello, world!"]


@pytest.mark.parametrize("method", ["add_buttons", "finish"])
async def test_whoever_waits_hears_that_an_answer_can_not_be_kept(
    tmp_path: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.01, 0.01, 0.01))
    async with open_house(tmp_path, [GREETING]) as people:
        locked = Locked(people, method, 4, monkeypatch)
        people.say("hello world")
        await people.see_last(texts.MEMORY_AWAY())
        assert locked.left == 0
        people.say("hello moon")
        await people.see_last("Hello, moon!")


async def test_an_answer_is_given_though_its_posts_can_not_be_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.01,))
    async with open_house(tmp_path, [GREETING]) as people:
        Locked(people, "posted", 2, monkeypatch)
        people.say("hello world")
        await people.see("Hello, world!")


async def test_a_checkpoint_that_fails_is_made_up_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, [ENDLESS], tokens_per_second=200) as people:
        locked = Locked(people, "checkpoint", 2, monkeypatch)
        people.say("endless")
        await eventually(lambda: locked.left == 0)
        await people.see_some("on and")
        network = people.network
    async with open_house(tmp_path, network=network) as people:
        await people.see_some(texts.CUT_BY_RESTART())
