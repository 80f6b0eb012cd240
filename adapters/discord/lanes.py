"""The order of events: each channel's one after another, all channels side by side."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from adapters.discord.patience import patiently

log = structlog.get_logger(__name__)

MOST = 1_000
"""Events that may wait in one channel."""

Job = Callable[[], Awaitable[None]]


class Lanes:
    """Nothing goes on while the `gate` is closed: what was missed comes first."""

    def __init__(self, group: asyncio.TaskGroup):
        self.gate = asyncio.Event()
        self._group = group
        self._waiting: dict[int, deque[Job]] = {}

    def add(self, channel: int, job: Job, *, first: bool = False) -> None:
        """Never waits: a gateway can't be told to."""
        waiting = self._waiting.get(channel)
        if waiting is None:
            waiting = self._waiting[channel] = deque()
            self._group.create_task(self._serve(channel, waiting))
        if first:
            waiting.appendleft(job)
        elif len(waiting) < MOST:
            waiting.append(job)
        else:
            log.warning("event dropped: too many are waiting", channel=channel)

    async def _serve(self, channel: int, waiting: deque[Job]) -> None:
        while waiting:
            await self.gate.wait()
            try:
                await patiently(waiting.popleft())
            except Exception:
                log.exception("event dropped", channel=channel)
        del self._waiting[channel]
