"""What is done beside the networks' events, such as answering a command: bounded in number."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import ParamSpec

import structlog

from bot.errors import ChinwagError

log = structlog.get_logger(__name__)

P = ParamSpec("P")

MOST = 64
"""How much of one network may be under way; beyond, that network waits."""


class Beside:
    def __init__(self, group: asyncio.TaskGroup, most: int = MOST):
        self._group = group
        self._rooms = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(most))
        self._tasks: set[asyncio.Task[None]] = set()

    async def do(
        self, network: str, work: Callable[P, Awaitable[None]], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Returns once it is under way; what it raises is told in the log."""
        room = self._rooms[network]
        await room.acquire()
        task = self._group.create_task(self._guarded(lambda: work(*args, **kwargs)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: room.release())

    def close(self) -> None:
        """Leave what is still under way."""
        for task in self._tasks:
            task.cancel()

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except ChinwagError as error:
            log.warning("event not carried out", why=str(error))
        except Exception:
            log.exception("event failed")
