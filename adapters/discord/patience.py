"""What to do about a Discord that fails: wait, and try again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import discord
import structlog

from adapters.discord.failures import OUT_OF_REACH, delivery_error, said
from bot.backoff import Backoff
from bot.errors import RateLimited, StoreError, Unavailable

log = structlog.get_logger(__name__)


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
