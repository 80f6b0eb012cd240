"""Order among people who want many turns; no clock is asked, only who began when."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine import Stream
from bot.engine.scripted import ScriptedConfig, ScriptedEngine
from bot.fairness import FairQueue
from bot.types import Chunk, Control, Message, Place, SamplingParams
from tests.core.house import BEN, CHAT, eventually, open_house

pytestmark = pytest.mark.slow

MANY = 50


class HeldEngine(ScriptedEngine):
    """`begun` are the questions that the engine came to, in order; each answer then waits until
    `go` is released once."""

    def __init__(self, concurrency: int):
        super().__init__(ScriptedConfig(concurrency=concurrency, tokens_per_second=0, max_queue=99))
        self.begun: list[str] = []
        self.go = asyncio.Semaphore(0)

    async def stream(
        self, messages: Sequence[Message], params: SamplingParams, control: Control | None = None
    ) -> Stream:
        held = False
        async with aclosing(super().stream(messages, params, control)) as stream:
            async for item in stream:
                if isinstance(item, Chunk) and not held:
                    self.begun.append(messages[-1].text)
                yield item
                if isinstance(item, Chunk) and not held:
                    held = True
                    await self.go.acquire()


def chat(number: int) -> Place:
    return Place("fake", f"chat {number}")


async def test_many_questions_in_many_conversations_delay_anothers_first_by_one_turn(
    tmp_path: Path,
) -> None:
    engine = HeldEngine(concurrency=1)
    async with open_house(tmp_path, engine=engine) as people:
        for number in range(MANY):
            people.say(f"anna {number}", place=chat(number % 10))
        await eventually(lambda: engine.begun == ["anna 0"] and people.network.events.empty())
        people.say("ben", user=BEN)
        await eventually(lambda: engine.status().queued == 1)
        engine.go.release()
        await eventually(lambda: engine.begun == ["anna 0", "ben"])


async def test_many_questions_in_one_conversation_delay_anothers_first_by_one_turn(
    tmp_path: Path,
) -> None:
    engine = HeldEngine(concurrency=1)
    async with open_house(tmp_path, engine=engine, turns={"max_waiting": MANY}) as people:
        for number in range(MANY):
            people.say(f"anna {number}")
        await eventually(lambda: engine.begun == ["anna 0"])
        people.say("ben", user=BEN)
        await eventually(lambda: people.house.lanes.waiting(CHAT.key) == MANY)
        engine.go.release()
        await eventually(lambda: engine.begun == ["anna 0", "ben"])
        engine.go.release()
        await eventually(lambda: engine.begun == ["anna 0", "ben", "anna 1"])


async def test_what_one_person_has_waiting_takes_no_place_from_another(tmp_path: Path) -> None:
    engine = HeldEngine(concurrency=1)
    async with open_house(tmp_path, engine=engine, turns={"max_waiting": 1}) as people:
        people.say("anna 0")
        await eventually(lambda: engine.begun == ["anna 0"])
        people.say("anna 1")
        people.say("ben", user=BEN)
        await eventually(lambda: people.house.lanes.waiting(CHAT.key) == 2)


async def test_whoever_is_alone_has_the_whole_engine(tmp_path: Path) -> None:
    engine = HeldEngine(concurrency=4)
    async with open_house(tmp_path, engine=engine) as people:
        for number in range(8):
            people.say(f"anna {number}", place=chat(number))
        await eventually(lambda: len(engine.begun) == 4)
        assert engine.status().queued == 0


async def test_everything_is_answered_in_the_end(tmp_path: Path) -> None:
    engine = HeldEngine(concurrency=2)
    async with open_house(tmp_path, engine=engine) as people:
        for _ in range(MANY):
            engine.go.release()
        for number in range(15):
            people.say(f"anna {number}", place=chat(number % 5))
            people.say(f"ben {number}", place=chat(number % 7), user=BEN)
        await eventually(lambda: len(engine.begun) == 30)
        await eventually(lambda: not any(people.house.lanes.busy(chat(n).key) for n in range(7)))


# --- the queue itself ------------------------------------------------------------------------


@given(st.lists(st.sampled_from("abc"), max_size=30))
def test_each_persons_items_stay_in_order_and_none_is_lost(people: list[str]) -> None:
    queue = FairQueue[tuple[str, int]]()
    for number, person in enumerate(people):
        queue.push(person, (person, number))
    came = [queue.pop() for _ in people]
    assert sorted(came, key=lambda item: item[1]) == list(enumerate_by_number(people))
    for person in "abc":
        numbers = [number for theirs, number in came if theirs == person]
        assert numbers == sorted(numbers)


def enumerate_by_number(people: list[str]) -> list[tuple[str, int]]:
    return [(person, number) for number, person in enumerate(people)]


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30))
def test_as_long_as_all_wait_nobody_is_served_twice_more_than_another(people: list[str]) -> None:
    queue = FairQueue[str]()
    for person in people:
        queue.push(person, person)
    left, served = Counter(people), Counter(dict.fromkeys(people, 0))
    while all(left.values()):
        person = queue.pop()
        left[person] -= 1
        served[person] += 1
        assert max(served.values()) - min(served.values()) <= 1


@given(st.integers(0, 20), st.integers(1, 20))
def test_a_newcomer_is_next(served: int, waiting: int) -> None:
    queue = FairQueue[str]()
    for _ in range(served + waiting):
        queue.push("a", "a")
    for _ in range(served):
        queue.pop()
    if served:
        queue.push("b", "b")
        assert queue.pop() == "b"
