"""Whose turn comes next where several people want one: nobody's many delay another's first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Generic, TypeVar

from bot.types import Waiting

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Start-time fair queueing (Goyal, Vin, Cheng 1996) with all items of one size: what a person
    puts in starts one after what the same person put in before, and a newcomer starts now. Each
    person's items stay in order."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, str, T]] = []
        self._arrivals = count()
        self._next_start: dict[str, int] = {}
        self._now = 0

    def push(self, person: str, item: T) -> None:
        start = max(self._now, self._next_start.get(person, 0))
        self._next_start[person] = start + 1
        heappush(self._heap, (start, next(self._arrivals), person, item))

    def pop(self) -> T:
        self._now, _, _, item = heappop(self._heap)
        return item

    def remove(self, person: str) -> list[T]:
        """All that this person put in, in order."""
        removed = [entry for entry in sorted(self._heap, key=_order) if entry[2] == person]
        self._heap = [entry for entry in self._heap if entry[2] != person]
        heapify(self._heap)
        return [item for *_, item in removed]

    def waiting(self, person: str) -> int:
        return sum(theirs == person for _, _, theirs, _ in self._heap)

    def clear(self) -> None:
        self._heap.clear()

    def __len__(self) -> int:
        return len(self._heap)

    def __iter__(self) -> Iterator[T]:
        """The next one first, as things stand."""
        return (item for *_, item in sorted(self._heap, key=_order))


def _order(entry: tuple[int, int, str, object]) -> tuple[int, int]:
    return entry[:2]


class Ticket:
    def __init__(self, person: str, turnstile: Turnstile):
        self.person = person
        self.passed = False
        self.begun = False
        self._turnstile = turnstile

    async def line(self) -> AsyncGenerator[Waiting, None]:
        """Ends when it is this one's turn."""
        while not self.passed:
            moved = self._turnstile.moved
            yield Waiting(self._turnstile.position(self))
            await moved.wait()

    def begin(self) -> None:
        """The engine has taken it out of its own line."""
        if not self.begun:
            self.begun = True
            self._turnstile.stir()


class Turnstile:
    """The way to the engine, whose own line is first come first served: one turn of each person
    at a time, and more only while the engine has `room` to begin them at once. So a person who
    comes first finds at most one turn of each other one ahead."""

    def __init__(self, room: Callable[[], int]):
        self._room = room
        self._waiting: list[Ticket] = []
        self._inside: list[Ticket] = []
        self.moved = asyncio.Event()
        """Set at the next change; then there is a new one."""

    @contextmanager
    def ticket(self, person: str) -> Iterator[Ticket]:
        ticket = Ticket(person, self)
        self._waiting.append(ticket)
        self.stir()
        try:
            yield ticket
        finally:
            (self._inside if ticket.passed else self._waiting).remove(ticket)
            self.stir()

    def position(self, ticket: Ticket) -> int:
        """1 is next."""
        return self._waiting.index(ticket) + 1

    def stir(self) -> None:
        """Let in whoever may; wake the others, to look again."""
        while (ticket := self._next()) is not None:
            self._waiting.remove(ticket)
            self._inside.append(ticket)
            ticket.passed = True
        self.moved.set()
        self.moved = asyncio.Event()

    def _next(self) -> Ticket | None:
        """Whoever has the fewest inside; of these the first who came."""
        ticket = min(self._waiting, key=self._turns_inside, default=None)
        if ticket is None or (self._turns_inside(ticket) and not self._has_room()):
            return None
        return ticket

    def _turns_inside(self, ticket: Ticket) -> int:
        return sum(other.person == ticket.person for other in self._inside)

    def _has_room(self) -> bool:
        """Besides what is on its way into the engine."""
        return self._room() > sum(not other.begun for other in self._inside)
