"""Connections and transactions: any number of readers, one writer at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import StoreUnavailable
from bot.store.failures import told

READERS = 4


class Database:
    """`patience` is how many seconds a transaction waits for others' locks.

    Writers queue here, in order, rather than at SQLite's lock, whose waiters poll and overtake.
    """

    def __init__(self, url: URL, where: str, patience: float):
        self._where = where
        self._patience = patience
        if url.get_backend_name() == "sqlite":
            options: dict[str, object] = {"connect_args": {"timeout": patience}}
            url = url.set(drivername="sqlite+aiosqlite")
        else:
            options = {"pool_pre_ping": True}
        self._engine = create_async_engine(
            url, pool_size=READERS + 1, max_overflow=0, pool_timeout=patience, **options
        )
        prepare_sqlite(self._engine.sync_engine)
        self._writer = self._engine.execution_options(**WRITES)
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        with told(self._where):
            async with AsyncSession(self._engine) as session:
                yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Commits at the end; an exception rolls back."""
        await self._queue()
        try:
            with told(self._where):
                async with AsyncSession(self._writer) as session, session.begin():
                    yield session
        finally:
            self._writing.release()

    async def _queue(self) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._writing.acquire()
        except TimeoutError:
            raise StoreUnavailable(
                f"{self._where} took no writes for {self._patience:g} s: try again."
            ) from None

    async def close(self) -> None:
        await self._engine.dispose()


WRITES = {"chinwag_writes": True}


def prepare_sqlite(engine: Engine, *, enforce: bool = True) -> None:
    """Give SQLite's connections their pragmas, and its transactions an explicit beginning.

    A transaction that will write says so at once (BEGIN IMMEDIATE): one that finds out later
    fails where it should wait. FULL and not NORMAL, which in WAL may lose the last commits with
    the power: a network is told that a message arrived right after its commit.
    """
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver begins no transactions by itself
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if enforce else 'OFF'}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("chinwag_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def blocking_engine(url: URL, patience: float) -> Engine:
    """For migrations. References are not enforced: rebuilding a table would cascade through it."""
    sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(url, connect_args={"timeout": patience} if sqlite else {})
    prepare_sqlite(engine, enforce=False)
    return engine.execution_options(**WRITES)
