"""Patience with a database that is locked, full or away for a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from bot.errors import StoreUnavailable

log = structlog.get_logger(__name__)

T = TypeVar("T")

PAUSES = (0.5, 2.0, 10.0)
"""Seconds between two attempts."""


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """What `work` returns, in which StoreUnavailable is waited out; the last one is raised."""
    for seconds in PAUSES:
        try:
            return await work()
        except StoreUnavailable as error:
            log.warning("the database is waited for", why=str(error))
            await asyncio.sleep(seconds)
    return await work()
