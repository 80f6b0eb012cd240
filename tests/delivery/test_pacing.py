"""Token buckets: bursts, waits, floods and who goes first."""

from __future__ import annotations

import asyncio

import pytest

from bot.delivery.pacing import MANY_PLACES, SLOWEST, Bucket, Pacer
from bot.types import Limits, Place, Rate

PLACE, OTHER = Place("fake", "a"), Place("fake", "b")
LIMITS = Limits(2000, per_place=Rate(2, 3.0), overall=Rate(100, 0.01))


def now() -> float:
    return asyncio.get_running_loop().time()


async def times(pacer: Pacer, place: Place, count: int) -> list[float]:
    moments = []
    for _ in range(count):
        await pacer.ready(place)
        moments.append(round(now(), 3))
    return moments


async def test_a_burst_goes_at_once_and_the_rest_in_its_time() -> None:
    assert await times(Pacer(LIMITS), PLACE, 5) == [0, 0, 3, 6, 9]


async def test_places_do_not_slow_each_other_but_for_the_whole_bot_s_rate() -> None:
    pacer = Pacer(LIMITS)
    at_once = await asyncio.gather(times(pacer, PLACE, 3), times(pacer, OTHER, 3))
    assert list(at_once) == [[0, 0, 3], [0, 0, 3]]
    narrow = Pacer(Limits(2000, per_place=Rate(2, 3.0), overall=Rate(1, 1.0)))
    both = await asyncio.gather(times(narrow, PLACE, 2), times(narrow, OTHER, 2))
    assert sorted(moment for moments in both for moment in moments) == pytest.approx(
        [now() - 3, now() - 2, now() - 1, now()], abs=0.01
    )


async def test_a_flood_pauses_a_place_and_slows_it() -> None:
    pacer = Pacer(LIMITS)
    await pacer.ready(PLACE)
    pacer.flooded(PLACE, 10.0)
    assert await times(pacer, PLACE, 3) == [10, 16, 22]
    assert (await times(pacer, OTHER, 1)) == [22]


async def test_floods_in_two_places_at_once_are_the_whole_bot_s() -> None:
    pacer, third = Pacer(LIMITS), Place("fake", "c")
    pacer.flooded(PLACE, 10.0)
    assert await times(pacer, third, 1) == [0]
    pacer.flooded(OTHER, 10.0)
    assert await times(pacer, third, 1) == [10]


async def test_a_bucket_is_never_slower_than_it_may_be_and_comes_back() -> None:
    bucket = Bucket(Rate(1, 1.0))
    for _ in range(20):
        bucket.flooded(0.0)
        await asyncio.sleep(1)
    assert bucket.interval == SLOWEST
    for _ in range(40):
        bucket.eased()
    assert bucket.interval == 1.0


async def test_what_is_urgent_overtakes_what_waits() -> None:
    pacer, order = Pacer(Limits(2000, per_place=Rate(1, 1.0))), []

    async def one(name: str, urgent: bool) -> None:
        await pacer.ready(PLACE, urgent=urgent)
        order.append(name)

    await pacer.ready(PLACE)
    async with asyncio.TaskGroup() as group:
        for name in ("a", "b", "c"):
            group.create_task(one(name, urgent=False))
        await asyncio.sleep(0)
        group.create_task(one("urgent", urgent=True))
    assert order == ["a", "urgent", "b", "c"]


async def test_who_stops_waiting_holds_up_nobody() -> None:
    pacer = Pacer(Limits(2000, per_place=Rate(1, 1.0)))
    await pacer.ready(PLACE)
    waiting = [asyncio.create_task(pacer.ready(PLACE)) for _ in range(3)]
    await asyncio.sleep(0.5)
    waiting[0].cancel()
    waiting[1].cancel()
    await asyncio.wait(waiting)
    assert now() == pytest.approx(1.0)


async def test_places_at_rest_are_forgotten() -> None:
    pacer = Pacer(Limits(2000, overall=Rate(1, 0.0)))
    for number in range(MANY_PLACES * 2):
        await pacer.ready(Place("fake", str(number)))
        await asyncio.sleep(1)
    assert len(pacer._places) <= MANY_PLACES + 1
