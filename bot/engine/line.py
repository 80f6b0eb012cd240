"""A line: so many are served at once, so many may wait, first come first served."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bot.errors import EngineBusy
from bot.types import Waiting


class Line:
    def __init__(self, places: int, longest: int):
        self._places = places
        self._longest = longest
        self._tickets: list[object] = []  # the first `places` of them are being served
        self._seconds: float | None = None
        self.moved = asyncio.Event()
        """Set at the next change; then there is a new one."""

    @property
    def served(self) -> int:
        return min(len(self._tickets), self._places)

    @property
    def free(self) -> int:
        return self._places - self.served

    @property
    def waiting(self) -> int:
        return len(self._tickets) - self.served

    @contextmanager
    def ticket(self) -> Iterator[object]:
        """A place in the line, given back at the end. Raises EngineBusy where it is full."""
        if len(self._tickets) >= self._places + self._longest:
            raise EngineBusy(self.waiting, self.seconds(self.waiting + 1))
        ticket = object()
        self._tickets.append(ticket)
        try:
            yield ticket
        finally:
            self._tickets.remove(ticket)
            self.stir()

    @contextmanager
    def service(self) -> Iterator[None]:
        """While this ticket is served; how long that takes is what others can expect."""
        started = time.monotonic()
        yield
        self._seconds = time.monotonic() - started

    def position(self, ticket: object) -> int:
        """0 is being served, 1 is next."""
        return max(0, self._tickets.index(ticket) - self._places + 1)

    def waits(self, position: int) -> Waiting:
        return Waiting(position, self.seconds(position))

    def seconds(self, position: int) -> float | None:
        """The expected wait, once something was served."""
        return None if self._seconds is None else position * self._seconds / self._places

    def stir(self) -> None:
        """Wake all who wait, to look again."""
        self.moved.set()
        self.moved = asyncio.Event()
