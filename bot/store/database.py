"""Transactions: any number of readers, one writer at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import StoreUnavailable
from bot.store.engines import WRITES, async_engine
from bot.store.failures import told


class Database:
    """`patience` is how many seconds a transaction waits for others' locks.

    Writers queue here, in order, rather than at SQLite's lock, whose waiters poll and overtake.
    """

    def __init__(self, url: URL, where: str, patience: float):
        self._where = where
        self._patience = patience
        self._engine = async_engine(url, patience)
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
