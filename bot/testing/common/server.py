"""What every network's server is: HTTP on loopback, and a test that waits for what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from bot.testing.common.clock import Clock
from bot.testing.common.faults import Faults
from bot.testing.common.signal import Signal

HOST = "127.0.0.1"
PAUSE = 0.02
"""Seconds between two looks at a condition."""


class LoopbackServer:
    """Entered in a test, spoken to by a bot in this or another process. `token` is what a bot logs
    in with, until it is revoked. A `port` of 0 is any that is free; `stirred` is set whenever the
    bot has done something."""

    def __init__(self, token: str, clock: Clock, stirred: Signal, *, seed: int, port: int):
        self.token = token
        self.clock, self.stirred = clock, stirred
        self.faults = Faults(seed)
        self.port = port

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Return once the condition holds; looks again when the bot has done something, and now
        and then, as what it heard is no deed yet. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not condition():
                await self.stirred.wait(PAUSE)

    async def _listen(self, app: web.Application) -> None:
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self.port).start()
        self.port = self._runner.addresses[0][1]

    async def _close(self) -> None:
        await self._runner.cleanup()
