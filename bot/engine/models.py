"""Engines that take each other's place while the bot runs: the new one is loaded beside the old
one, which serves until then and ends with its last stream."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress
from typing import Protocol, Self

import structlog

from bot.engine import Engine, Heartbeat, Stream
from bot.types import Control, EngineStatus, Message, ModelInfo, SamplingParams

log = structlog.get_logger(__name__)

LAST_STREAMS = 600.0
"""Seconds that the streams of an engine that was replaced have to end by themselves."""


class _Served:
    """An engine with the streams that run on it."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self._streams = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def busy(self) -> Iterator[None]:
        self._streams += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._streams -= 1
            if not self._streams:
                self._idle.set()

    async def retire(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), LAST_STREAMS)
        await self.engine.__aexit__(None, None, None)

    def hurry(self) -> None:
        """Retire without waiting for the streams."""
        self._idle.set()


class Shelf(Protocol):
    def names(self) -> Sequence[str]:
        """Those that can be had by a name of their own; others there may be besides."""

    def make(self, name: str) -> Engine:
        """Raises ModelUnavailable for a name that means nothing."""

    async def keep(self, name: str) -> bool:
        """From the next start on, it is this one; False where that can't be kept."""


class Models:
    """Satisfies Engine and Heartbeat. `name` is the model that serves, `loading` the one that is
    on its way, "" without."""

    def __init__(self, shelf: Shelf, name: str):
        self.shelf, self.name, self.loading = shelf, name, ""
        self._served = _Served(shelf.make(name))
        self._retiring: dict[asyncio.Task[None], _Served] = {}

    async def use(self, name: str) -> None:
        """Returns when it serves. One at a time. Whatever is raised (ModelUnavailable and
        ModelTooLarge above all), the one before goes on serving."""
        self.loading = name
        try:
            engine = self.shelf.make(name)
            await engine.__aenter__()
        finally:
            self.loading = ""
        before, self._served, self.name = self._served, _Served(engine), name
        task = asyncio.create_task(before.retire())
        self._retiring[task] = before
        task.add_done_callback(self._retired)

    def _retired(self, task: asyncio.Task[None]) -> None:
        del self._retiring[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the replaced engine did not end cleanly", exc_info=error)

    # --- an engine -----------------------------------------------------------------------------

    @property
    def info(self) -> ModelInfo:
        return self._served.engine.info

    async def __aenter__(self) -> Self:
        await self._served.engine.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        for served in self._retiring.values():
            served.hurry()
        if self._retiring:
            await asyncio.wait(self._retiring)
        await self._served.engine.__aexit__(*exc)

    async def stream(
        self, messages: Sequence[Message], params: SamplingParams, control: Control | None = None
    ) -> Stream:
        served = self._served
        with served.busy():
            async with aclosing(served.engine.stream(messages, params, control)) as stream:
                async for item in stream:
                    yield item

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        return await self._served.engine.count_tokens(messages)

    def status(self) -> EngineStatus:
        return self._served.engine.status()

    async def beat(self) -> None:
        if isinstance(engine := self._served.engine, Heartbeat):
            await engine.beat()
