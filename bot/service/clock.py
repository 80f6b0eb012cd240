"""Jumps of the machine's clock, told. No wait depends on that clock; the age of messages, what was
used in a day and when a backup is due do.
"""

from __future__ import annotations

import asyncio
import time

import structlog

from bot.types import utcnow

log = structlog.get_logger(__name__)

EVERY = 30.0
TOLERANCE = 5.0
"""Seconds."""


async def watch_clock() -> None:
    """For ever."""
    before = _ahead()
    while True:
        await asyncio.sleep(EVERY)
        now = _ahead()
        if abs(now - before) > TOLERANCE:
            log.warning("the clock was set, or the machine slept", seconds=round(now - before))
            before = now


def _ahead() -> float:
    """How far the wall's clock is before the one that only ever goes on, in seconds."""
    return utcnow().timestamp() - time.monotonic()
