"""The way in: a store over a database that exists and is up to date."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from bot.store.database import Database
from bot.store.failures import damaged, told
from bot.store.location import Location, locate
from bot.store.migrate import upgrade
from bot.store.sql import SqlStore

PATIENCE = 30.0
"""Seconds to wait for a lock that another process holds."""


@asynccontextmanager
async def open_store(url: str, home: Path, patience: float = PATIENCE) -> AsyncIterator[SqlStore]:
    """`url` as in the config. Creates or migrates what has to be.

    Raises ConfigError for a URL of another kind, StoreUnavailable, StoreNewer or StoreCorrupt; a
    damaged file is left as it is.
    """
    location = locate(url, home)
    await asyncio.to_thread(quick_check, location, patience)
    await asyncio.to_thread(upgrade, location, patience)
    store = SqlStore(Database(location.url, str(location), patience))
    try:
        yield store
    finally:
        await store.close()


def quick_check(location: Location, patience: float) -> None:
    """Blocking, about a second for each gigabyte: SQLite goes on for long over damaged pages that
    it happens not to need. Raises StoreCorrupt or StoreUnavailable."""
    file = location.file
    if file is None or not file.exists() or not file.stat().st_size:
        return
    uri = f"{file.absolute().as_uri()}?mode=ro"
    with told(str(location)), closing(sqlite3.connect(uri, uri=True, timeout=patience)) as reading:
        if reading.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise damaged(str(location))
