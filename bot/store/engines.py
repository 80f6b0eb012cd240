"""Connections: what each database needs to be safe, and to wait no longer than it is told to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

CONNECTIONS = 5
WRITES = {"chinwag_writes": True}
"""The execution option that says a transaction will write."""


def async_engine(url: URL, patience: float) -> AsyncEngine:
    if url.get_backend_name() == "sqlite":
        url = url.set(drivername="sqlite+aiosqlite")
    pool = {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_timeout": patience}
    engine = create_async_engine(url, **pool, **_options(url, patience))
    _prepare_sqlite(engine.sync_engine)
    return engine


def blocking_engine(url: URL, patience: float) -> Engine:
    """For migrations. References are not enforced: rebuilding a table would cascade through it."""
    engine = create_engine(url, **_options(url, patience))
    _prepare_sqlite(engine, enforce=False)
    return engine.execution_options(**WRITES)


def _options(url: URL, patience: float) -> dict[str, Any]:
    """What people say is hidden from error texts, and with them from logs."""
    if url.get_backend_name() == "sqlite":
        return {"hide_parameters": True, "connect_args": {"timeout": patience}}
    milliseconds = round(patience * 1000)
    bounds = {
        "connect_timeout": max(1, round(patience)),
        "tcp_user_timeout": milliseconds,
        "options": f"-c lock_timeout={milliseconds}",
    }
    return {"hide_parameters": True, "connect_args": bounds, "pool_pre_ping": True}


def _prepare_sqlite(engine: Engine, *, enforce: bool = True) -> None:
    """Give SQLite's connections their pragmas, and its transactions an explicit beginning.

    A transaction that will write says so at once (BEGIN IMMEDIATE): one that finds out later
    fails where it should wait. FULL and not NORMAL, which in WAL may lose the last commits with
    the power: a network is told that a message arrived right after its commit. What is deleted is
    overwritten: people may have asked for that.
    """
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver begins no transactions by itself
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if enforce else 'OFF'}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("chinwag_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
