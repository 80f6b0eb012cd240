"""The running bot as systemd sees it: started once its networks are there, alive, reloading."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog

from bot.adapter import Adapter, Connects
from bot.errors import ChinwagError, EngineError
from bot.service.notify import Notifier

log = structlog.get_logger(__name__)

Reload = Callable[[], Awaitable[object]]

PERIOD = 10.0
"""Seconds after which systemd is told again what takes so long."""


class Attendance:
    """`beat` returns when the engine gives a sign of life, and raises EngineError where it is
    beyond that."""

    def __init__(
        self, notifier: Notifier, adapters: Sequence[Adapter], beat: Callable[[], Awaitable[None]]
    ):
        self._notifier = notifier
        self._able = {a.name: a.connected for a in adapters if isinstance(a, Connects)}
        self._status = f"serving {', '.join(adapter.name for adapter in adapters)}"
        self._beat = beat

    async def attend(self, hung_up: asyncio.Event, reload: Reload) -> None:
        """For ever. `hung_up` asks for a reload, of which `reload` gives what came of it."""
        await self._connected()
        self._notifier.ready(self._status)
        log.info("ready", status=self._status)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            while True:
                await hung_up.wait()
                hung_up.clear()
                await self._reload(reload)

    def stopping(self, under_way: int, seconds: float) -> None:
        """It may take so long; `under_way` are replies that are to end first."""
        self._status = f"draining, replies under way: {under_way}"
        self._notifier.stopping(self._status, seconds)

    async def _watch(self) -> None:
        while self._notifier.watchdog is not None:
            await self._give_sign()
            await asyncio.sleep(self._notifier.watchdog / 4)

    async def _reload(self, reload: Reload) -> None:
        self._notifier.reloading()
        try:
            said = str(await reload())
        except ChinwagError as error:
            said = f"not reloaded: {error}"
            log.error("not reloaded", why=str(error))
        self._status = f"{self._status.partition(';')[0]}; {said}"
        self._notifier.ready(self._status)

    async def _connected(self) -> None:
        """A network that is away is no reason to start again, so systemd is asked to wait, too."""
        while away := [name for name, event in self._able.items() if not event.is_set()]:
            self._notifier.waiting(f"connecting to {', '.join(away)}", 3 * PERIOD)
            with suppress(TimeoutError):
                async with asyncio.timeout(PERIOD):
                    await self._able[away[0]].wait()

    async def _give_sign(self) -> None:
        """For as long as the event loop and the engine make progress. A beat that does not return
        or that fails, like an event loop that never comes to this, is silence, and then systemd
        starts the process again."""
        try:
            await self._beat()
        except EngineError as error:
            self._notifier.unwell(str(error))
        else:
            self._notifier.alive(self._status)
