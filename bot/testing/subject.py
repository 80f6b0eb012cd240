"""What a conformance suite is run against, and how it looks at that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest

from bot.adapter import Adapter
from bot.types import Event, Place

SECONDS = 20.0
"""The longest that anything here may take."""


@dataclass(frozen=True, slots=True)
class Network:
    """An adapter that is ready to send, and how to look at what it sent.

    `shown()` tells what a person sees in `place` now, each message as text, oldest first, in
    whatever form the network gives it. `say`, where it can be had, makes a person say something
    there; `remove` makes the last message there disappear.
    """

    adapter: Adapter
    place: Place
    shown: Callable[[], list[str]]
    say: Callable[[str], Awaitable[None]] | None = None
    remove: Callable[[], Awaitable[None]] | None = None

    def sees(self, text: str) -> bool:
        return any(text in message for message in self.shown())

    async def until_seen(self, text: str) -> bool:
        """A screen may be drawn a moment after the adapter has returned."""
        return await self.until(lambda: self.sees(text))

    async def until(self, condition: Callable[[], bool]) -> bool:
        """Whether it comes true."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                while not condition():  # noqa: ASYNC110 – nothing tells when a screen is drawn
                    await asyncio.sleep(0.02)
        return condition()


class Collected:
    """An inbox that keeps what came."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.came = asyncio.Event()

    async def put(self, event: Event) -> None:
        self.events.append(event)
        self.came.set()


def need(condition: object, what: str) -> None:
    """An adapter that says that it can't is not asked to."""
    if not condition:
        pytest.skip(f"this network has no {what}")
