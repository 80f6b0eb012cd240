"""What to do about a Discord that fails: wait, twice as long each time and with jitter."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

from bot.errors import StoreError

log = structlog.get_logger(__name__)

FIRST, LONGEST = 0.5, 30.0
"""Seconds."""


class Backoff:
    def __init__(self) -> None:
        self._attempts = 0

    @property
    def failing(self) -> bool:
        return self._attempts > 0

    def reset(self) -> None:
        self._attempts = 0

    async def wait(self) -> None:
        longest = min(LONGEST, FIRST * 2.0 ** min(self._attempts, 10))
        self._attempts += 1
        await asyncio.sleep(longest * random.uniform(0.5, 1.0))  # noqa: S311 – not a secret


async def until_stored(put: Callable[[], Awaitable[None]]) -> None:
    """Discord delivers once: what could not be stored is tried again, here."""
    backoff = Backoff()
    while True:
        try:
            return await put()
        except StoreError as error:
            if not backoff.failing:
                log.warning("event not stored yet", why=str(error))
            await backoff.wait()
