"""A bound on all turns that are open: beyond it the networks wait."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.lanes import Lanes
from bot.room import Room
from bot.types import Place
from tests.core.house import CHAT, eventually, open_house

pytestmark = pytest.mark.slow

QUESTIONS, OPEN = 25, 5


async def test_whoever_comes_first_gets_in_first_and_no_more_than_there_is_room_for() -> None:
    room, inside, order = Room(2), 0, []

    async def visit(number: int) -> None:
        nonlocal inside
        async with room.place():
            order.append(number)
            inside += 1
            assert inside <= 2
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*map(visit, range(20)))
    assert order == list(range(20))


async def test_what_may_not_wait_takes_a_place_all_the_same() -> None:
    room = Room(1)
    room.take()
    waiting = asyncio.create_task(room.place().__aenter__())
    await asyncio.sleep(0)
    assert not waiting.done()
    room.leave()
    await waiting


async def test_at_the_end_nobody_waits() -> None:
    room = Room(1)
    room.take()
    waiting = [asyncio.create_task(room.place().__aenter__()) for _ in range(3)]
    await asyncio.sleep(0)
    room.unbound()
    await asyncio.gather(*waiting)


async def test_who_leaves_the_line_holds_up_nobody() -> None:
    room = Room(1)
    room.take()
    first, second = (asyncio.create_task(room.place().__aenter__()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    room.leave()
    await second


async def test_a_flood_from_many_conversations_is_answered_within_the_bound(tmp_path: Path) -> None:
    most = 0

    def watch(lanes: Lanes) -> bool:
        nonlocal most
        most = max(most, lanes.room.taken)
        return people.network.events.empty() and not lanes.room.taken

    async with open_house(tmp_path, turns={"max_open": OPEN}) as people:
        places = [Place("fake", f"room {number}") for number in range(QUESTIONS)]
        for place in places:
            people.say("hello", place=place)
        await eventually(lambda: watch(people.house.lanes))
        assert all(people.network.texts(place) == ["You said: hello"] for place in places)
    assert 1 < most <= OPEN


async def test_what_waited_for_room_at_the_end_is_stored_and_answered_after_the_restart(
    tmp_path: Path,
) -> None:
    slow = [{"match": "slow", "delay": 60, "text": "late"}]
    places = [Place("fake", f"room {number}") for number in range(4)]
    async with open_house(tmp_path, slow, turns={"max_open": 1}) as people:
        network = people.network
        people.say("slow")
        await eventually(lambda: people.house.lanes.busy(CHAT.key))
        for place in places:
            people.say("hello", place=place)
        await people.house.lanes.close(0)

        async def stored() -> bool:
            return len(await people.house.chat.store.unfinished("fake")) == len(places)

        await eventually(stored)
    async with open_house(tmp_path, network=network):
        await eventually(lambda: all(network.texts(p) == ["You said: hello"] for p in places))
