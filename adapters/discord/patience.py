"""What to do about a Discord that fails: wait, twice as long each time and with jitter."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import discord
import structlog

from adapters.discord.failures import OUT_OF_REACH, delivery_error, said
from bot.errors import RateLimited, StoreError, Unavailable

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


async def patiently(work: Callable[[], Awaitable[None]]) -> None:
    """Until it succeeds, or fails for another reason than that Discord or the store is away: what
    Discord has delivered it does not deliver again."""
    backoff = Backoff()
    while True:
        try:
            return await work()
        except (StoreError, discord.DiscordException, *OUT_OF_REACH) as error:
            if not _will_pass(error):
                raise
            if not backoff.failing:
                log.warning("event not taken in yet", why=said(error))
        await backoff.wait()


def _will_pass(error: Exception) -> bool:
    if isinstance(error, StoreError):
        return True
    return isinstance(delivery_error(error), Unavailable | RateLimited)
