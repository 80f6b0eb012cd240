"""An engine that comes back: when the one inside dies, a new one is started in its place."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Self

import structlog

from bot.engine import Engine, Stream
from bot.errors import ChinwagError, EngineDied
from bot.types import Control, EngineStatus, Message, ModelInfo, SamplingParams

log = structlog.get_logger(__name__)

BACKOFF = (0.0, 1.0, 5.0, 15.0, 60.0)
"""Seconds before each attempt; the last one repeats."""


class Supervisor:
    """Satisfies Engine. A stream that broke off raises EngineDied as ever; the next one waits for
    the new engine."""

    def __init__(self, make: Callable[[], Engine]):
        self._make = make
        self._engine = make()
        self._restart: asyncio.Task[None] | None = None

    @property
    def info(self) -> ModelInfo:
        return self._engine.info

    async def __aenter__(self) -> Self:
        await self._engine.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._restart is not None:
            self._restart.cancel()
            await asyncio.wait([self._restart])
        await self._engine.__aexit__(*exc)

    async def stream(
        self, messages: Sequence[Message], params: SamplingParams, control: Control | None = None
    ) -> Stream:
        engine = await self._ready()
        try:
            async with aclosing(engine.stream(messages, params, control)) as stream:
                async for item in stream:
                    yield item
        except EngineDied:
            self._replace(engine)
            raise

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        engine = await self._ready()
        try:
            return await engine.count_tokens(messages)
        except EngineDied:
            self._replace(engine)
            raise

    def status(self) -> EngineStatus:
        return self._engine.status()

    async def _ready(self) -> Engine:
        if self._restart is not None:
            await asyncio.shield(self._restart)
        return self._engine

    def _replace(self, dead: Engine) -> None:
        if dead is self._engine and self._restart is None:
            self._restart = asyncio.create_task(self._start_again(dead))

    async def _start_again(self, dead: Engine) -> None:
        try:
            await self._leave(dead)
            for attempt in itertools.count():
                delay = BACKOFF[min(attempt, len(BACKOFF) - 1)]
                log.warning("the engine died; starting it again", attempt=attempt, seconds=delay)
                await asyncio.sleep(delay)
                if await self._started(self._make()):
                    return
        finally:
            self._restart = None

    async def _leave(self, dead: Engine) -> None:
        try:
            await dead.__aexit__(None, None, None)
        except Exception:
            log.exception("the dead engine did not end cleanly")

    async def _started(self, engine: Engine) -> bool:
        """Whatever an engine raises, the next attempt may succeed."""
        try:
            self._engine = await engine.__aenter__()
        except ChinwagError as error:
            log.error("the engine did not start", error=str(error))
            return False
        except Exception:
            log.exception("the engine did not start")
            return False
        return True
