"""An engine that comes back: when the one inside dies, a new one is started in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Self

import structlog

from bot.engine import Engine, Heartbeat, Stream
from bot.engine.deaths import TOO_MANY, WINDOW, Deaths
from bot.errors import ChinwagError, EngineDied
from bot.types import Control, EngineStatus, Message, ModelInfo, SamplingParams

log = structlog.get_logger(__name__)


class Supervisor:
    """Satisfies Engine and Heartbeat. A stream that broke off raises EngineDied as ever; the next
    one waits for the new engine."""

    def __init__(self, make: Callable[[], Engine], deaths: Deaths | None = None):
        self._make = make
        self._deaths = deaths or Deaths()
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

    async def beat(self) -> None:
        """A new engine on its way is a sign of life. Raises EngineDied only when too many died
        lately; they are still replaced."""
        if self._deaths.too_many:
            raise EngineDied(f"The engine died {TOO_MANY} times in {WINDOW / 60:.0f} minutes.")
        if self._restart is not None:
            return
        engine = self._engine
        try:
            await _beat(engine)
        except EngineDied:
            self._replace(engine)

    async def _ready(self) -> Engine:
        if self._restart is not None:
            await asyncio.shield(self._restart)
        return self._engine

    def _replace(self, dead: Engine) -> None:
        if dead is self._engine and self._restart is None:
            self._restart = asyncio.create_task(self._start_again(dead))

    async def _start_again(self, dead: Engine) -> None:
        try:
            self._count_death()
            await self._leave(dead)
            while True:
                await asyncio.sleep(self._deaths.pause)
                if await self._started(self._make()):
                    return
                self._count_death()
        finally:
            self._restart = None

    def _count_death(self) -> None:
        self._deaths.record()
        deaths, seconds = self._deaths.recent, self._deaths.pause
        log.warning("the engine died; starting it again", deaths=deaths, seconds=seconds)
        if self._deaths.too_many:
            log.error("the engine dies too often", deaths=deaths)

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


async def _beat(engine: Engine) -> None:
    if isinstance(engine, Heartbeat):
        await engine.beat()
    elif not engine.status().alive:
        raise EngineDied("The engine has stopped.")
