"""The way in: a store over a database that exists and is up to date."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.store.database import Database
from bot.store.location import locate
from bot.store.migrate import upgrade
from bot.store.sql import SqlStore

PATIENCE = 30.0
"""Seconds to wait for a lock that another process holds."""


@asynccontextmanager
async def open_store(url: str, home: Path, patience: float = PATIENCE) -> AsyncIterator[SqlStore]:
    """`url` as in the config. Creates or migrates what has to be.

    Raises ConfigError for a URL of another kind, StoreUnavailable, StoreNewer or StoreCorrupt.
    """
    location = locate(url, home)
    await asyncio.to_thread(upgrade, location, patience)
    store = SqlStore(Database(location.url, str(location), patience))
    try:
        yield store
    finally:
        await store.close()
