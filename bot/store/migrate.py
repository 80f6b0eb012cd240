"""Bring a database to the newest revision: one process at a time, and never without a copy."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from alembic import command
from sqlalchemy import Connection, text

from bot.errors import StoreCorrupt
from bot.store import revisions
from bot.store.backup import backup
from bot.store.engines import blocking_engine
from bot.store.failures import told
from bot.store.location import Location, make_private

ADVISORY_LOCK = 0x6368696E77


def upgrade(location: Location, patience: float) -> bool:
    """Blocking. True if there was anything to do.

    All of it happens in one transaction that locks out other writers from the start, so that of
    two processes one migrates and the other finds it done. Raises StoreNewer for a database from
    a newer chinwag, StoreUnavailable, StoreCorrupt.
    """
    with told(str(location)):
        make_private(location)
        engine = blocking_engine(location.url, patience)
        try:
            with engine.begin() as connection:
                done = _upgrade(connection, location)
        finally:
            engine.dispose()
        if location.file is not None:
            _log_ahead(location.file, patience)
    return done


def _upgrade(connection: Connection, location: Location) -> bool:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    revision = revisions.found(connection)
    if revision == revisions.known()[0]:
        return False
    if revision is not None and location.file is not None:
        backup(location)
    command.upgrade(revisions.alembic_config(connection), "head")
    if connection.dialect.name == "sqlite":
        _check_references(connection, location)
    return True


def _check_references(connection: Connection, location: Location) -> None:
    if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise StoreCorrupt(
            f"{location} has rows that refer to nothing and was left as it is: "
            "`chinwag db restore` puts a backup in its place."
        )


def _log_ahead(file: Path, patience: float) -> None:
    """Set the journal mode, which the file remembers. Unlike all else, SQLite does not wait with
    that for others who look at the file: it fails at once."""
    end = time.monotonic() + patience
    with closing(sqlite3.connect(file, timeout=patience)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError:
                if time.monotonic() > end:
                    raise
            time.sleep(0.02)
