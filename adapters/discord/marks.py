"""How far each channel has been read, and what was asked there last, kept over restarts: what is
newer was missed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from discord.utils import snowflake_time, time_snowflake

from adapters.discord.recent import Recent
from bot.adapter import Memory
from bot.errors import StoreError
from bot.types import utcnow

log = structlog.get_logger(__name__)

SEEN, DIRECT, ASKED, LATEST = "seen ", "direct ", "asked ", "latest"
"""Of a server's channel, of a direct chat, of either, and of all: names of notes."""
EVERY = 5.0
"""Seconds between two writings."""
SLACK = timedelta(minutes=1)
"""Channels are read side by side: in one that has no mark yet, this much before the latest message
of all may not have been seen."""
DIRECT_KEPT = timedelta(days=30)
HANDLED = 20_000


class Marks:
    """Ids grow with time, over all channels: https://discord.com/developers/docs/reference#snowflakes"""

    def __init__(self, longest: float):
        self.memory: Memory | None = None
        self._longest = timedelta(seconds=longest)
        self._notes: dict[str, int] = {}
        self._unwritten: dict[str, str | None] = {}
        self._handled: Recent[int, bool] = Recent(HANDLED)
        self._met = asyncio.Event()
        self._first = 0

    async def load(self) -> None:
        """Raises StoreError."""
        notes = await self.memory.recall() if self.memory else {}
        self._notes = {n: int(v) for n, v in notes.items() if _is_mark(n) and v.isdigit()}
        if LATEST not in self._notes:  # the very first start: nothing was missed
            self._first = self._notes[LATEST] = time_snowflake(utcnow())
            self._unwritten[LATEST] = str(self._first)
            self._met.set()
        for name in [name for name in self._notes if self._is_old(name)]:
            self._unwritten[name] = None
            del self._notes[name]

    def is_new(self, message: int) -> bool:
        return message not in self._handled

    def handled(self, channel: int, message: int, *, direct: bool) -> None:
        self._handled[message] = True
        own = f"{DIRECT if direct else SEEN}{channel}"
        if direct and own not in self._notes:
            self._met.set()
        self._put(own, message)
        self._put(LATEST, message)

    def _put(self, name: str, message: int) -> None:
        if message > self._notes.get(name, 0):
            self._notes[name] = message
            self._unwritten[name] = str(message)

    @property
    def latest(self) -> datetime:
        """When the latest message of all was said."""
        return snowflake_time(self._notes[LATEST])

    def asked(self, channel: int, message: int) -> None:
        """It is for the bot."""
        self._put(f"{ASKED}{channel}", message)

    def questions(self) -> Iterator[tuple[int, int]]:
        """The last one of each channel, as far back as is looked for anything."""
        oldest = self._oldest
        for name, message in self._notes.items():
            if name.startswith(ASKED) and message > oldest:
                yield int(name.removeprefix(ASKED)), message

    def since(self, channel: int, *, direct: bool = False) -> int:
        """The id after which messages of this channel may have been missed."""
        mark = self._notes.get(f"{DIRECT if direct else SEEN}{channel}")
        if mark is None:
            latest = time_snowflake(self.latest - SLACK)
            mark = max(latest, self._first)
        return max(mark, self._oldest)

    @property
    def _oldest(self) -> int:
        """The id before which nothing is looked for."""
        return time_snowflake(utcnow() - self._longest)

    def direct_channels(self) -> Iterator[int]:
        """Discord does not list them."""
        return (int(n.removeprefix(DIRECT)) for n in self._notes if n.startswith(DIRECT))

    async def write_regularly(self) -> None:
        """What nothing else would tell of at once: that it has begun, and a new direct chat."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._met.wait()
            self._met.clear()
            await self.write()

    async def write(self) -> None:
        """What can't be written now, or is cut short by the end, is with the next."""
        if self.memory is None or not self._unwritten:
            return
        notes = dict(self._unwritten)
        try:
            await self.memory.remember(notes)
        except StoreError as error:
            log.warning("how far was read is not stored yet", why=str(error))
        else:
            self._unwritten = dict(self._unwritten.items() - notes.items())

    def _is_old(self, name: str) -> bool:
        if name == LATEST:
            return False
        kept = DIRECT_KEPT if name.startswith(DIRECT) else self._longest
        return snowflake_time(self._notes[name]) < utcnow() - kept


def _is_mark(name: str) -> bool:
    return name == LATEST or name.startswith((SEEN, DIRECT, ASKED))
