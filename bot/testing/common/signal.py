"""Something happened: wakes all who wait for that."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Signal:
    def __init__(self) -> None:
        self._next = asyncio.Event()

    def set(self) -> None:
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self, seconds: float | None = None) -> None:
        """Return when it is set, or after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._next.wait()
