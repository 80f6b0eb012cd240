"""An adapter beside its strict server, with an inbox and a memory that a test can look into."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bot.adapter import Adapter
from bot.errors import StoreError
from bot.testing.common.server import LoopbackServer
from bot.types import Event

A = TypeVar("A", bound=Adapter)
E = TypeVar("E", bound=Event)


class KeptInbox:
    """`failing` makes the next so many puts fail, as a full disk would."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.failing = 0

    async def put(self, event: Event) -> None:
        await asyncio.sleep(0)
        if self.failing:
            self.failing -= 1
            raise StoreError("The disk is full.")
        self.events.append(event)


@dataclass
class Notes:
    """A memory that lasts as long as the test, and fails as often as `failing` says."""

    kept: dict[str, str] = field(default_factory=dict)
    failing: int = 0

    async def recall(self) -> Mapping[str, str]:
        return dict(self.kept)

    async def remember(self, notes: Mapping[str, str | None]) -> None:
        if self.failing:
            self.failing -= 1
            raise StoreError("The disk is full.")
        self.kept |= {name: value for name, value in notes.items() if value is not None}
        for name in [name for name, value in notes.items() if value is None]:
            self.kept.pop(name, None)


class Tried(Generic[A]):
    """`settled` says whether the server has nothing more for the adapter."""

    def __init__(
        self, server: LoopbackServer, adapter: A, settled: Callable[[], bool] = lambda: True
    ):
        self.server, self.adapter = server, adapter
        self.inbox = KeptInbox()
        self._settled = settled

    async def got(self, count: int) -> list[Event]:
        """The first so many events, once they are there."""
        events = self.inbox.events
        await self.server.until(lambda: len(events) >= count and self._settled())
        assert len(events) == count
        return events

    async def got_one(self, kind: type[E]) -> E:
        (event,) = await self.got(1)
        assert isinstance(event, kind)
        return event

    @asynccontextmanager
    async def running(self, listens: Callable[[], object]) -> AsyncIterator[None]:
        """From the moment on when it `listens`, or is over."""
        task = asyncio.create_task(self.adapter.run(self.inbox))
        try:
            await self.server.until(lambda: listens() or task.done())
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
