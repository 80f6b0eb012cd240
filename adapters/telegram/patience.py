"""What to do about a Telegram that fails: wait, and try again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from adapters.telegram.failures import ADVICE, said, seconds
from bot.backoff import Backoff
from bot.errors import TokenRefused

log = structlog.get_logger(__name__)


async def endure(error: TelegramError, backoff: Backoff) -> None:
    """Return when it is time to try again. Raises TokenRefused."""
    match error:
        case InvalidToken():
            raise TokenRefused("Telegram", ADVICE) from None
        case RetryAfter():
            await asyncio.sleep(seconds(error))
            return
        case Conflict():
            log.error(
                "another instance of this bot is running with the same token: stop one of them",
                telegram=said(error),
            )
        case _ if not backoff.failing:
            log.warning("telegram can't be reached, trying again", why=said(error))
    await backoff.wait()


async def persistently(attempt: Callable[[], Awaitable[object]]) -> None:
    """Until it succeeds. Raises TokenRefused."""
    backoff = Backoff()
    while True:
        try:
            await attempt()
        except TelegramError as error:
            await endure(error, backoff)
        else:
            return
