"""Backups that nobody has to think of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import structlog

from bot.errors import StoreError
from bot.store.backup import backup, backups, taken_at
from bot.store.location import Location

log = structlog.get_logger(__name__)

SETTLED = timedelta(minutes=10)
"""After a start: what just began has other things to do, and may end at once."""
LONGEST = timedelta(hours=1)
"""Between two looks at the clock, which may jump; also the pause after a failure."""


@asynccontextmanager
async def scheduled_backups(
    location: Location, every: timedelta, keep: int, settled: timedelta = SETTLED
) -> AsyncIterator[None]:
    """Meanwhile, a backup whenever the newest is older than `every`; none where that is 0 or a
    server keeps the data."""
    if not every or location.file is None:
        yield
        return
    async with asyncio.TaskGroup() as group:
        task = group.create_task(_regularly(location, every, keep, settled))
        try:
            yield
        finally:
            task.cancel()


async def _regularly(location: Location, every: timedelta, keep: int, settled: timedelta) -> None:
    await asyncio.sleep(settled.total_seconds())
    while True:
        wait = await asyncio.to_thread(until_due, location, every)
        if not wait:
            wait = await _try(location, keep)
        await asyncio.sleep(min(wait, LONGEST).total_seconds())


async def _try(location: Location, keep: int) -> timedelta:
    """Returns how long to wait then."""
    try:
        copy = await asyncio.to_thread(backup, location, keep)
    except StoreError as error:
        log.error("backup failed", why=str(error))
        return LONGEST
    log.info("backup taken", file=copy.name)
    return timedelta()


def until_due(location: Location, every: timedelta) -> timedelta:
    """A backup from the future, as a clock set back leaves it, does not put off the next."""
    taken = [taken_at(copy) for copy in backups(location)]
    now = datetime.now(UTC)
    past = [time for time in taken if time <= now]
    return max(max(past) + every - now, timedelta()) if past else timedelta()
