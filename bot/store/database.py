"""Transactions: any number of readers, one writer at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import StoreUnavailable
from bot.store.engines import WRITES, async_engine
from bot.store.failures import told

P = ParamSpec("P")
R = TypeVar("R")
Work = Callable[[AsyncSession], Awaitable[R]]


class Database:
    """`patience` is how many seconds a transaction waits for others' locks.

    Writers queue here, in order, rather than at SQLite's lock, whose waiters poll and overtake.
    A transaction that has begun goes on to its end when its caller is cancelled: a connection
    left in the middle of a statement keeps its locks.
    """

    def __init__(self, url: URL, where: str, patience: float):
        self._where = where
        self._patience = patience
        self._engine = async_engine(url, patience)
        self._writer = self._engine.execution_options(**WRITES)
        self._writing = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()

    async def read(self, work: Work[R]) -> R:
        return await asyncio.shield(self._begin(self._read(work)))

    async def write(self, work: Work[R]) -> R:
        """Commits at the end; an exception rolls back."""
        await self._queue()
        task = self._begin(self._write(work))
        task.add_done_callback(lambda _: self._writing.release())
        return await asyncio.shield(task)

    async def empty_log(self) -> None:
        """SQLite's write-ahead log holds what was overwritten in the database since; as far as no
        reader holds on to it, it is brought there and emptied."""
        if self._engine.dialect.name == "sqlite":
            await self._queue()
            task = self._begin(self._empty_log())
            task.add_done_callback(lambda _: self._writing.release())
            await asyncio.shield(task)

    async def close(self) -> None:
        if self._running:
            await asyncio.wait(self._running)
        await self._engine.dispose()

    async def _read(self, work: Work[R]) -> R:
        with told(self._where):
            async with AsyncSession(self._engine) as session:
                return await work(session)

    async def _write(self, work: Work[R]) -> R:
        with told(self._where):
            async with AsyncSession(self._writer) as session, session.begin():
                return await work(session)

    async def _empty_log(self) -> None:
        with told(self._where):
            async with self._engine.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")

    def _begin(self, transaction: Coroutine[Any, Any, R]) -> asyncio.Task[R]:
        task = asyncio.create_task(transaction)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _queue(self) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._writing.acquire()
        except TimeoutError:
            raise StoreUnavailable(
                f"{self._where} took no writes for {self._patience:g} s: try again."
            ) from None


class Family:
    """Methods that belong together, over one database."""

    def __init__(self, database: Database):
        self._database = database


F = TypeVar("F", bound=Family)
Inner = Callable[Concatenate[F, AsyncSession, P], Awaitable[R]]
Outer = Callable[Concatenate[F, P], Coroutine[Any, Any, R]]


def reads(method: Inner[F, P, R]) -> Outer[F, P, R]:
    """A method that is one reading transaction, whose session it is given."""

    @wraps(method)
    async def call(family: F, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await family._database.read(lambda s: method(family, s, *args, **kwargs))

    return call


def writes(method: Inner[F, P, R]) -> Outer[F, P, R]:
    """A method that is one writing transaction, whose session it is given."""

    @wraps(method)
    async def call(family: F, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await family._database.write(lambda s: method(family, s, *args, **kwargs))

    return call
