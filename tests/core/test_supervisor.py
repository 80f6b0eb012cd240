from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import pytest

from bot import texts
from bot.engine import deaths
from bot.engine.scripted import ScriptedConfig, ScriptedEngine
from bot.engine.supervisor import Supervisor
from bot.errors import EngineDied, ModelUnavailable
from bot.types import Chunk, Message, Place, SamplingParams, TurnState
from tests.core.house import BEN, CHAT, eventually, open_house

pytestmark = pytest.mark.slow

OTHER = Place("fake", "random")
ENDLESS = {"match": "endless", "text": "on and " * 2000}
PONDER = {"match": "ponder", "thinking": "hm " * 2000, "text": "Yes."}
SLOW = {"match": "slow", "delay": 60, "text": "late"}


class Starts:
    """Makes engines one after the other; each of `failures` makes a start fail."""

    def __init__(self, *scripts: Mapping[str, Any], **options: Any):
        self.options = {"tokens_per_second": 200, "script": scripts, **options}
        self.failures: list[Exception] = []
        self.made: list[ScriptedEngine] = []

    def __call__(self) -> ScriptedEngine:
        self.made.append(Reluctant(self))
        return self.made[-1]

    async def kill(self) -> None:
        """The engine of now, as its thread's death would."""
        await self.made[-1].__aexit__()


class Reluctant(ScriptedEngine):
    def __init__(self, starts: Starts):
        super().__init__(ScriptedConfig.model_validate(starts.options))
        self._failures = starts.failures

    async def __aenter__(self) -> Self:
        if self._failures:
            raise self._failures.pop(0)
        return await super().__aenter__()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deaths, "BACKOFF", (0.0,))


async def said_by(engine: Supervisor) -> str:
    stream = engine.stream([Message("user", "hello")], SamplingParams())
    return "".join([item.text async for item in stream if isinstance(item, Chunk)])


async def test_a_turn_that_had_no_answer_yet_is_answered_by_the_next_engine(
    tmp_path: Path,
) -> None:
    starts = Starts(SLOW)
    async with open_house(tmp_path, engine=Supervisor(starts)) as people:
        people.say("slow")
        await eventually(lambda: starts.made[0].status().running == 1)
        starts.options["script"] = []
        await starts.kill()
        await people.see("You said: slow")
        assert len(starts.made) == 2


async def test_who_stood_in_line_at_the_death_is_answered_too(tmp_path: Path) -> None:
    starts = Starts(ENDLESS, concurrency=1)
    async with open_house(tmp_path, engine=Supervisor(starts)) as people:
        people.say("endless")
        await people.see_some("on and")
        people.say("hello", place=OTHER, user=BEN)
        await eventually(lambda: starts.made[0].status().queued == 1)
        await starts.kill()
        await people.see("You said: hello", place=OTHER)


async def test_a_death_in_mid_reply_leaves_what_was_said_and_a_way_on(tmp_path: Path) -> None:
    starts = Starts(ENDLESS)
    async with open_house(tmp_path, engine=Supervisor(starts)) as people:
        people.say("endless")
        await people.see_some("on and")
        await starts.kill()
        await people.see_some(texts.CUT_BY_ERROR())
        assert {texts.TRY_AGAIN(), texts.CONTINUE()} <= set(people.labels())
        record = await people.house.chat.store.last_turn(CHAT.key)
        assert record is not None
        assert record.turn.state is TurnState.INTERRUPTED
        assert record.reply.text.startswith("on and")


async def test_a_death_in_mid_thought_is_told_and_can_be_tried_again(tmp_path: Path) -> None:
    starts = Starts(PONDER)
    async with open_house(tmp_path, engine=Supervisor(starts)) as people:
        people.say("ponder")
        await eventually(lambda: texts.ANSWER_NOW() in people.labels())
        starts.options["script"] = []
        await starts.kill()
        await eventually(lambda: texts.TRY_AGAIN() in people.labels())
        people.press(texts.TRY_AGAIN())
        await people.see("You said: ponder")


async def test_an_engine_that_will_not_start_is_started_until_it_does() -> None:
    starts = Starts()
    async with Supervisor(starts) as engine:
        starts.failures += [ModelUnavailable("no"), RuntimeError("CUDA error"), OSError("no file")]
        await starts.kill()
        with pytest.raises(EngineDied):
            await said_by(engine)
        assert await said_by(engine) == "You said: hello"
        assert len(starts.made) == 5


async def test_an_engine_that_will_not_end_is_replaced_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*exc: object) -> None:
        raise RuntimeError("CUDA error")

    starts = Starts()
    async with Supervisor(starts) as engine:
        await starts.kill()
        monkeypatch.setattr(starts.made[0], "__aexit__", broken, raising=False)
        with pytest.raises(EngineDied):
            await said_by(engine)
        assert await said_by(engine) == "You said: hello"


async def test_many_streams_of_one_dead_engine_start_one_new_engine() -> None:
    starts = Starts()
    async with Supervisor(starts) as engine:
        await starts.kill()
        for _ in range(2):
            with pytest.raises(EngineDied):
                async for _ in starts.made[0].stream([], SamplingParams()):
                    pass
        with pytest.raises(EngineDied):
            await said_by(engine)
        assert await said_by(engine) == "You said: hello"
        assert len(starts.made) == 2


async def test_an_engine_that_never_starts_does_not_hold_up_the_end() -> None:
    starts = Starts()
    async with Supervisor(starts) as engine:
        starts.failures += [ModelUnavailable("no")] * 100_000
        await starts.kill()
        with pytest.raises(EngineDied):
            await said_by(engine)
        await eventually(lambda: len(starts.made) > 3)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_death_of_the_last_ten_minutes_makes_the_next_pause_longer() -> None:
    clock = Clock()
    lately = deaths.Deaths(clock)
    pauses = []
    for _ in range(7):
        lately.record()
        pauses.append(lately.pause)
    assert pauses == sorted(pauses)
    assert pauses[-1] == deaths.BACKOFF[-1]
    clock.now = deaths.WINDOW
    assert (lately.recent, lately.pause) == (0, deaths.BACKOFF[0])


async def test_an_engine_that_died_is_replaced_before_anyone_asks_it() -> None:
    starts = Starts()
    async with Supervisor(starts) as engine:
        await starts.kill()
        await engine.beat()
        assert await said_by(engine) == "You said: hello"
        assert len(starts.made) == 2


async def test_three_deaths_in_ten_minutes_are_no_sign_of_life() -> None:
    starts, clock = Starts(), Clock()
    async with Supervisor(starts, deaths.Deaths(clock)) as engine:
        for death in range(deaths.TOO_MANY):
            await engine.beat()
            await starts.kill()
            await engine.beat()
            assert await said_by(engine) == "You said: hello"
            assert len(starts.made) == death + 2
        with pytest.raises(EngineDied, match="3 times in 10 minutes"):
            await engine.beat()
        clock.now = deaths.WINDOW
        await engine.beat()


async def test_starts_that_fail_count_as_deaths() -> None:
    starts, clock = Starts(), Clock()
    async with Supervisor(starts, deaths.Deaths(clock)) as engine:
        starts.failures += [ModelUnavailable("no")] * 2
        await starts.kill()
        await engine.beat()
        assert await said_by(engine) == "You said: hello"
        with pytest.raises(EngineDied):
            await engine.beat()


async def test_an_engine_that_computes_elsewhere_is_asked_there() -> None:
    class Stuck(ScriptedEngine):
        async def beat(self) -> None:
            await asyncio.Event().wait()

    async with Supervisor(lambda: Stuck(ScriptedConfig())) as engine:
        beat = asyncio.create_task(engine.beat())
        assert await said_by(engine) == "You said: hello"
        assert not beat.done()
        beat.cancel()
