"""The local engine as the rest of the bot sees it: a real thread, a real model, a real loop."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.testing import LogCapture

from bot.engine.local import LocalConfig, LocalEngine
from bot.engine.local.runner import PagedRunner
from bot.errors import EngineBusy, EngineDied, ModelUnavailable, RequestFailed
from bot.types import Chunk, Message, SamplingParams, Waiting
from tests.engine.conftest import TinyModel

pytestmark = pytest.mark.slow

SHORT = SamplingParams(temperature=0, max_new_tokens=12, min_new_tokens=12)
ENDLESS = replace(SHORT, max_new_tokens=400, min_new_tokens=400)


def config(folder: Path, **keys: int) -> LocalConfig:
    return LocalConfig.model_validate(
        {"model": str(folder), "quantize": "none", "dtype": "float32", "kv_tokens": 2048}
        | {"offline": True, "threads": 1, "max_batch": 2}
        | keys
    )


@pytest.fixture
async def engine(tiny_model: TinyModel, tmp_path: Path) -> AsyncIterator[LocalEngine]:
    async with LocalEngine(config(tiny_model("llama"), max_queue=3), tmp_path) as engine:
        yield engine


def said(text: str) -> list[Message]:
    return [Message("user", text)]


async def tell(engine: LocalEngine, text: str, params: SamplingParams = SHORT) -> str:
    events = [event async for event in engine.stream(said(text), params)]
    return "".join(event.text for event in events if isinstance(event, Chunk))


def test_importing_it_loads_neither_torch_nor_transformers() -> None:
    code = (
        "import sys, bot.engine.local; "
        "assert not {'torch', 'transformers', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


async def test_a_stream_ends_in_one_terminal_chunk(engine: LocalEngine) -> None:
    events = [event async for event in engine.stream(said("Hello"), SHORT)]
    chunks = [event for event in events if isinstance(event, Chunk)]
    assert [bool(chunk.finish) for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    usage = chunks[-1].usage
    assert usage is not None
    assert usage.prompt_tokens == await engine.count_tokens(said("Hello"))
    assert 0 <= usage.queue_seconds <= usage.first_token_seconds <= usage.total_seconds


async def test_many_streams_at_once_say_what_each_says_alone(engine: LocalEngine) -> None:
    alone = [await tell(engine, word) for word in ("one", "two", "three")]
    assert await asyncio.gather(*(tell(engine, word) for word in ("one", "two", "three"))) == alone


async def test_a_load_that_is_given_up_leaves_no_thread(
    tiny_model: TinyModel, tmp_path: Path
) -> None:
    """A process that ends over a thread within torch is aborted instead of having its exit code."""
    engine = LocalEngine(config(tiny_model("llama")), tmp_path)
    loading = asyncio.create_task(engine.__aenter__())
    await asyncio.sleep(0)
    assert engine_threads()
    loading.cancel()
    await asyncio.wait([loading])
    assert loading.cancelled()
    assert not engine_threads()


def engine_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "engine"]


async def test_closing_the_generator_cancels_within_one_step(engine: LocalEngine) -> None:
    async with aclosing(engine.stream(said("Hello"), ENDLESS)) as stream:
        async for event in stream:
            if isinstance(event, Chunk):
                break
    await engine.count_tokens(said("Answered after one step at most."))
    assert engine.status().running == 0
    assert engine.status().kv_used == 0


async def test_a_full_line_is_told_before_the_first_chunk(engine: LocalEngine) -> None:
    streams = [engine.stream(said(f"Request {n}"), ENDLESS) for n in range(5)]
    for stream in streams[:2]:
        await anext(stream)
    firsts = await asyncio.gather(*map(anext, streams[2:]))
    assert {first.position for first in firsts if isinstance(first, Waiting)} == {1, 2, 3}
    with pytest.raises(EngineBusy) as busy:
        await anext(engine.stream(said("One too many"), SHORT))
    assert busy.value.position == 3
    for stream in streams:
        await stream.aclose()
    assert await tell(engine, "Now there is room")


async def test_counting_does_not_wait_for_the_line(engine: LocalEngine) -> None:
    streams = [engine.stream(said(f"Request {n}"), ENDLESS) for n in range(4)]
    for stream in streams:
        await anext(stream)
    assert await engine.count_tokens(said("How many?")) > 0
    assert engine.status().running == 2
    for stream in streams:
        await stream.aclose()


async def test_a_request_that_fails_is_told_and_the_engine_lives(engine: LocalEngine) -> None:
    with pytest.raises(RequestFailed, match="temperature"):
        await tell(engine, "Hello", SamplingParams(temperature=-1))
    assert await tell(engine, "Hello")


class Killed(BaseException):
    """What no handler of failures catches."""


def kill(monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(PagedRunner, "run", die)


async def test_a_dead_thread_tells_all_who_wait_and_all_who_come(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = [engine.stream(said(f"Request {n}"), ENDLESS) for n in range(4)]
    for stream in streams:
        await anext(stream)
    kill(monkeypatch)
    for stream in streams:
        with pytest.raises(EngineDied):
            async for _ in stream:
                pass
    assert not engine.status().alive
    with pytest.raises(EngineDied):
        await anext(engine.stream(said("Anybody there?"), SHORT))
    with pytest.raises(EngineDied):
        await engine.count_tokens(said("Anybody there?"))


async def test_entering_again_after_its_death_starts_a_new_thread(
    tiny_model: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = LocalEngine(config(tiny_model("llama")), tmp_path)
    async with engine:
        before = await tell(engine, "Hello")
        with monkeypatch.context() as patch:
            kill(patch)
            with pytest.raises(EngineDied):
                await tell(engine, "Hello")
    async with engine:
        assert await tell(engine, "Hello") == before
    assert not engine.status().alive


async def test_leaving_ends_the_streams_that_still_run(
    tiny_model: TinyModel, tmp_path: Path
) -> None:
    async with LocalEngine(config(tiny_model("llama")), tmp_path) as engine:
        stream = engine.stream(said("Hello"), ENDLESS)
        await anext(stream)
    with pytest.raises(EngineDied):
        async for _ in stream:
            pass


async def test_a_model_that_is_not_there_is_told_by_its_own_error(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable):
        async with LocalEngine(config(tmp_path / "nothing"), tmp_path):
            pass


async def test_a_beat_is_answered_between_two_steps_and_not_by_a_stuck_thread(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await engine.beat()
    stuck, free = threading.Event(), threading.Event()

    def hang(*_: object) -> None:
        stuck.set()
        free.wait()

    monkeypatch.setattr(PagedRunner, "run", hang)
    stream = asyncio.create_task(tell(engine, "Hello"))
    await asyncio.to_thread(stuck.wait)
    beat = asyncio.create_task(engine.beat())
    await asyncio.wait([beat], timeout=0.1)
    assert not beat.done()
    monkeypatch.undo()
    free.set()
    await beat
    with pytest.raises(RequestFailed):  # of the step that hung nothing came
        await stream


async def test_what_the_thread_logs_of_a_request_bears_its_turns_id(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no such shape")

    monkeypatch.setattr(PagedRunner, "run", fail)
    capture = LogCapture()
    structlog.configure(processors=[merge_contextvars, capture])
    try:
        with bound_contextvars(turn=7), pytest.raises(RequestFailed):
            await tell(engine, "Hello")
    finally:
        structlog.reset_defaults()
    assert [line["turn"] for line in capture.entries if line["event"] == "a request failed"] == [7]
