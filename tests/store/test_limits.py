from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store import Demand, Reply
from bot.store.limits import _wait
from bot.store.sql import SqlStore
from bot.types import Place, Rate, TurnState, Usage, utcnow
from tests.store.samples import ANN, BOB, ELSEWHERE, HERE, ask

FIVE = Rate(burst=5, seconds=12)
NOW = datetime.fromisoformat("2026-11-24T12:00:00+00:00")


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def go(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("bot.store.limits.utcnow", clock)
    return clock


async def taken(store: SqlStore, rate: Rate = FIVE, times: int = 1) -> list[float]:
    return [await store.take({"bucket": rate}) for _ in range(times)]


async def test_a_bucket_gives_its_burst_and_then_one_more_each_time(
    store: SqlStore, clock: Clock
) -> None:
    assert await taken(store, times=6) == [0, 0, 0, 0, 0, 12]
    clock.go(11)
    assert await taken(store) == [1]
    clock.go(1)
    assert await taken(store, times=2) == [0, 12]


async def test_a_refusal_costs_nothing(store: SqlStore, clock: Clock) -> None:
    await taken(store, times=50)
    clock.go(12)
    assert await taken(store) == [0]


async def test_a_bucket_is_full_again_in_the_end_and_holds_no_more(
    store: SqlStore, clock: Clock
) -> None:
    await taken(store, times=5)
    clock.go(1e6)
    assert await taken(store, times=6) == [0, 0, 0, 0, 0, 12]


async def test_of_several_buckets_all_give_or_none_does(store: SqlStore, clock: Clock) -> None:
    one = Rate(burst=1, seconds=60)
    assert await store.take({"mine": FIVE, "ours": one}) == 0
    assert await store.take({"mine": FIVE, "ours": one}) == 60
    assert [await store.take({"mine": FIVE}) for _ in range(5)] == [0, 0, 0, 0, 12]


async def test_without_buckets_nothing_is_refused(store: SqlStore) -> None:
    assert await store.take({}) == 0


async def test_a_clock_that_was_put_back_empties_a_bucket_at_most(
    store: SqlStore, clock: Clock
) -> None:
    await taken(store)
    clock.go(-1e6)
    assert await taken(store) == [12]


@given(st.integers(1, 100), st.floats(0.01, 100), st.floats(-1e4, 1e4))
def test_a_wait_is_never_negative_and_never_longer_than_for_a_whole_bucket(
    burst: int, seconds: float, until_full: float
) -> None:
    rate = Rate(burst, seconds)
    empty = burst * seconds
    wait = _wait(timedelta(seconds=min(until_full, empty)), rate)
    assert 0 <= wait <= seconds + 1e-3


async def test_what_is_asked_of_the_bot_is_told_by_person_and_by_chat(store: SqlStore) -> None:
    usage = Usage(prompt_tokens=100, reused_tokens=90, reasoning_tokens=5, text_tokens=7)
    for place, author in ((HERE, ANN), (ELSEWHERE, ANN), (HERE, BOB)):
        turn = await ask(store, "question", place, author)
        await store.finish(turn, TurnState.DONE, Reply("answer", usage=usage))
    await ask(store, "another", HERE, ANN)
    assert await store.demand(ANN) == Demand(tokens=44, turns=1)
    assert await store.demand(BOB) == Demand(tokens=22, turns=0)
    assert await store.demand(HERE) == Demand(tokens=44, turns=1)
    assert await store.demand(Place("telegram", "nowhere")) == Demand()


async def test_what_was_used_yesterday_is_over(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = await ask(store, "question")
    await store.finish(turn, TurnState.DONE, Reply("answer", usage=Usage(text_tokens=7)))
    monkeypatch.setattr("bot.store.limits.utcnow", lambda: utcnow() + timedelta(days=1))
    assert await store.demand(ANN) == Demand()
