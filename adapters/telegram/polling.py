"""Long polling that confirms an update only once it is stored.

python-telegram-bot's own Updater confirms updates before their handlers have run, and goes on
deaf after a 401; hence this loop. https://core.telegram.org/bots/api#getupdates
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog
from telegram import Bot, Update
from telegram.error import Conflict, TelegramError

from adapters.telegram.albums import Albums, is_cut
from adapters.telegram.patience import endure
from adapters.telegram.storing import ALLOWED, Process, store
from bot.backoff import Backoff

log = structlog.get_logger(__name__)

POLL, AT_ONCE = timedelta(seconds=30), timedelta()
GATHERING = 0.4
"""Seconds for the rest of an album to come."""
ROUNDS = 3
"""So often at the most."""


class Poller:
    """`connected` tells whether the last attempt went well, which after a failure is found out at
    once."""

    def __init__(self, bot: Bot, process: Process, albums: Albums, connected: asyncio.Event):
        self._bot, self._process, self._albums = bot, process, albums
        self._connected = connected
        self._backoff, self._offset = Backoff(), 0

    async def run(self) -> None:
        """For ever. Raises TokenRefused."""
        while True:
            try:
                updates = await self._updates()
            except TelegramError as error:
                if not isinstance(error, Conflict):  # then it is there, and another instance asks
                    self._connected.clear()
                await endure(error, self._backoff)
                continue
            self._connected.set()
            if self._backoff.failing:
                log.info("telegram answers again")
            await self._store(updates)

    async def _store(self, updates: Sequence[Update]) -> None:
        unstored = await store(self._albums.joined(updates), self._process)
        if unstored is not None:
            self._offset = unstored
            await self._backoff.wait()
            return
        self._backoff.reset()
        if updates:
            self._offset = updates[-1].update_id + 1

    async def _updates(self) -> Sequence[Update]:
        """With the rest of what album they end in. What is not confirmed comes again."""
        updates = await self._fetch(POLL if self._connected.is_set() else AT_ONCE)
        for _ in range(ROUNDS):
            if not is_cut(updates):
                break
            await asyncio.sleep(GATHERING)
            known, updates = updates, await self._fetch(AT_ONCE)
            if len(updates) == len(known):
                break
        return updates

    async def _fetch(self, patience: timedelta) -> Sequence[Update]:
        return await self._bot.get_updates(self._offset, timeout=patience, allowed_updates=ALLOWED)
