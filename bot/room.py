"""A bound on how much is under way, at which those who bring more wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Room:
    def __init__(self, places: int):
        self._places = places
        self.taken = 0
        self._door = asyncio.Lock()
        self._changed = asyncio.Event()
        self._unbounded = False

    def take(self) -> None:
        """Without asking: for what may not wait."""
        self.taken += 1

    def leave(self) -> None:
        self.taken -= 1
        self._changed.set()

    def unbound(self) -> None:
        """From now on nobody waits."""
        self._unbounded = True
        self._changed.set()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Waited for, first come first served, and held within: whoever `take`s one there has it
        for sure."""
        async with self._door:
            while self.taken >= self._places and not self._unbounded:
                self._changed.clear()
                await self._changed.wait()
            self.take()
        try:
            yield
        finally:
            self.leave()
