"""The running bot as systemd sees it: started, alive, reloading."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog

from bot.adapter import Adapter, Connects
from bot.errors import ChinwagError, EngineError
from bot.service.notify import Notifier

log = structlog.get_logger(__name__)

PERIOD = 10.0
"""Seconds after which systemd is told again what takes so long."""


class Attendance:
    """`beat` returns when the engine gives a sign of life, and raises EngineError where it is
    beyond that. `reload` reads the config again, and says what came of it."""

    def __init__(
        self,
        notifier: Notifier,
        adapters: Sequence[Adapter],
        beat: Callable[[], Awaitable[None]],
        reload: Callable[[], Awaitable[str]],
    ):
        self._notifier = notifier
        self._able = {a.name: a.connected for a in adapters if isinstance(a, Connects)}
        self._serving = f"serving {', '.join(adapter.name for adapter in adapters)}"
        self._beat, self._reload = beat, reload

    async def attend(self, hung_up: asyncio.Event) -> None:
        """For ever. `hung_up` asks for a reload."""
        await self._connected()
        self._notifier.ready(self._serving)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            group.create_task(self._reload_when(hung_up))

    async def _connected(self) -> None:
        """A network that is away is no reason to start again, so systemd is asked to wait, too."""
        while away := [name for name, event in self._able.items() if not event.is_set()]:
            self._notifier.waiting(f"connecting to {', '.join(away)}", 3 * PERIOD)
            with suppress(TimeoutError):
                async with asyncio.timeout(PERIOD):
                    await self._able[away[0]].wait()

    async def _watch(self) -> None:
        """A sign of life for as long as the event loop and the engine make progress. A beat that
        does not return or that fails, like an event loop that never comes to this, is silence,
        and then systemd starts the process again."""
        if self._notifier.watchdog is None:
            return
        well = True
        while True:
            try:
                await self._beat()
            except EngineError as error:
                self._notifier.status(str(error))
                well = False
            else:
                self._notifier.alive()
                if not well:
                    self._notifier.status(self._serving)
                well = True
            await asyncio.sleep(self._notifier.watchdog / 4)

    async def _reload_when(self, hung_up: asyncio.Event) -> None:
        while True:
            await hung_up.wait()
            hung_up.clear()
            self._notifier.reloading()
            try:
                said = await self._reload()
            except ChinwagError as error:
                said = f"not reloaded: {error}"
                log.error("not reloaded", why=str(error))
            self._notifier.ready(f"{self._serving}; {said}")
