"""Discord's errors in the core's words.

https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import discord

from bot import errors

LONGEST_TEXT = 2000
"""Code points of a message's content."""
LONGEST_CALL = 150.0
"""Seconds, the library's own waiting for rate limits and its retries included."""
ADVICE = (
    "get a new one at https://discord.com/developers/applications (Bot, Reset Token) "
    "and put it where the config says"
)

UNKNOWN_CHANNEL, UNKNOWN_MESSAGE = 10003, 10008
ACKNOWLEDGED = 40060
CANT_REPLY = 160002
"""Replying needs Read Message History."""
HAS_THREAD = 160004
GONE = {10003, 10004, 10008, 10015, 10062, 50027, 50083}
FORBIDDEN = {40333, 50001, 50007, 50013, 50278, CANT_REPLY}
TOO_FAST = {20016, 20022, 20028, 20029}
"""What these codes mean whatever the HTTP status that they come with."""

OUT_OF_REACH = (aiohttp.ClientError, OSError, TimeoutError, discord.GatewayNotFound)


@asynccontextmanager
async def typed() -> AsyncIterator[None]:
    """Raise what the core knows. Without the cause: URLs of interactions hold their token."""
    try:
        async with asyncio.timeout(LONGEST_CALL):
            yield
    except (discord.DiscordException, *OUT_OF_REACH) as error:
        raise delivery_error(error) from None
    except RuntimeError as error:
        if "closed" not in str(error):
            raise
        raise errors.Unavailable("The connection to Discord was closed.") from None


def delivery_error(error: Exception) -> errors.DeliveryError:
    match error:
        case discord.RateLimited():
            return errors.RateLimited(error.retry_after)
        case discord.DiscordServerError():
            return errors.Unavailable(f"Discord failed with {error.status}.")
        case discord.HTTPException():
            return _refusal(error)
        case discord.LoginFailure():
            return errors.Unavailable("Discord does not take the bot's token.")
    return errors.Unavailable(f"Discord can't be reached: {type(error).__name__}.")


def _refusal(error: discord.HTTPException) -> errors.DeliveryError:
    if error.status == 429 or error.code in TOO_FAST:
        return errors.RateLimited(_retry_after(error))
    if error.status == 401 and error.code != 50027:
        return errors.Unavailable("Discord does not take the bot's token any more.")
    if error.code in GONE or (error.status == 404 and error.code not in FORBIDDEN):
        return errors.Gone(said(error))
    if error.code in FORBIDDEN or error.status == 403:
        return errors.Forbidden(said(error))
    if f"{LONGEST_TEXT} or fewer" in error.text:
        return errors.TooLong(LONGEST_TEXT)
    return errors.Refused(said(error))


def _retry_after(error: discord.HTTPException) -> float:
    try:
        return float(error.response.headers.get("Retry-After", ""))
    except ValueError:
        return 60.0


def said(error: Exception) -> str:
    """What Discord says of it, in one line and without a URL."""
    if isinstance(error, discord.HTTPException):
        return " ".join(error.text.split()) or f"HTTP status {error.status}"
    known = isinstance(error, discord.DiscordException | errors.ChinwagError)
    return str(error) if known else type(error).__name__
