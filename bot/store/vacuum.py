"""Give back the room that deleted rows left in the file."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from bot.errors import StoreUnavailable
from bot.store.failures import told
from bot.store.location import Location


def vacuum(location: Location, patience: float) -> tuple[int, int]:
    """Bytes before and after. Blocking; needs as much free disk as the database is large, and
    writers wait meanwhile. Raises StoreUnavailable or StoreCorrupt."""
    file = location.file
    if file is None:
        raise StoreUnavailable(f"{location} does this by itself: see autovacuum.")
    if not file.exists():
        raise StoreUnavailable(f"{location} is not there: see `store.url` and `home`.")
    before = file.stat().st_size
    with told(str(location)), closing(sqlite3.connect(file, timeout=patience)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return before, file.stat().st_size
