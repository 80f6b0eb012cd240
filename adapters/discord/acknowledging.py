"""The first answer to an interaction, for which Discord waits three seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import discord
import structlog

from adapters.discord.failures import ACKNOWLEDGED, OUT_OF_REACH, said

log = structlog.get_logger(__name__)

ATTEMPTS, LONGEST_ATTEMPT = 3, 1.2
"""Seconds; neither a reset connection nor a server that hangs need cost all three."""


async def acknowledged(answer: Callable[[], Awaitable[object]]) -> bool:
    """Whether the interaction's token may be used from now on."""
    for _ in range(ATTEMPTS):
        try:
            async with asyncio.timeout(LONGEST_ATTEMPT):
                await answer()
        except discord.DiscordServerError as error:
            why = said(error)
        except discord.HTTPException as error:
            if error.code == ACKNOWLEDGED:  # the answer to an earlier attempt was lost
                return True
            log.warning("interaction not acknowledged", why=said(error), code=error.code)
            return False
        except OUT_OF_REACH as error:
            why = said(error)
        else:
            return True
    log.warning("interaction not acknowledged", why=why)
    return False
