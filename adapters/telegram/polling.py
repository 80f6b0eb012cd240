"""Long polling that confirms an update only once it is stored.

python-telegram-bot's own Updater confirms updates before their handlers have run, and goes on
deaf after a 401; hence this loop. https://core.telegram.org/bots/api#getupdates
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

import structlog
from telegram import Bot, Update
from telegram.error import Conflict, TelegramError

from adapters.telegram.albums import Albums, is_cut
from adapters.telegram.patience import endure
from adapters.telegram.storing import ALLOWED, Process, chat_of, store
from bot.backoff import Backoff
from bot.errors import TokenRefused

log = structlog.get_logger(__name__)

POLL, AT_ONCE = timedelta(seconds=30), timedelta()
GATHERING = 0.4
"""Seconds for the rest of an album to come."""
ROUNDS = 3
"""So often at the most."""
LOOK = 1.0
"""Seconds between two looks at what others say while a chat's updates take longer to be stored, as
a document does that has to be read first."""


class Poller:
    """Chats go on side by side, each in its order. Telegram lists all that is not confirmed again
    and again; confirmed is what is before the first update that is not `_stored`.

    `connected` tells whether the last attempt went well, which after a failure is found out at
    once."""

    def __init__(self, bot: Bot, process: Process, albums: Albums, connected: asyncio.Event):
        self._bot, self._process, self._albums = bot, process, albums
        self._connected = connected
        self._backoff, self._offset = Backoff(), 0
        self._stored: set[int] = set()
        self._busy: dict[int, asyncio.Task[bool]] = {}

    async def run(self) -> None:
        """For ever. Raises TokenRefused."""
        async with asyncio.TaskGroup() as group:
            refused = await self._serve(group)
        raise refused

    async def _serve(self, group: asyncio.TaskGroup) -> TokenRefused:
        while True:
            try:
                listed = await self._list()
            except TelegramError as error:
                if not isinstance(error, Conflict):  # then it is there, and another instance asks
                    self._connected.clear()
                try:
                    await endure(error, self._backoff)
                except TokenRefused as refused:
                    return refused
                continue
            self._connected.set()
            if self._backoff.failing:
                log.info("telegram answers again")
            for chat, updates in self._by_chat(listed).items():
                self._busy[chat] = group.create_task(self._store(chat, updates))
            fine = await self._settle()
            self._confirm(listed)
            if fine:
                self._backoff.reset()
            else:
                await self._backoff.wait()

    # --- what there is -------------------------------------------------------------------------

    async def _list(self) -> Sequence[Update]:
        """With the rest of what album it ends in."""
        long = self._connected.is_set() and not self._busy
        listed = await self._fetch(POLL if long else AT_ONCE)
        for _ in range(ROUNDS):
            if not is_cut(self._new(listed)):
                break
            await asyncio.sleep(GATHERING)
            known, listed = listed, await self._fetch(AT_ONCE)
            if len(listed) == len(known):
                break
        return listed

    async def _fetch(self, patience: timedelta) -> Sequence[Update]:
        return await self._bot.get_updates(self._offset, timeout=patience, allowed_updates=ALLOWED)

    def _new(self, listed: Sequence[Update]) -> list[Update]:
        """Not stored, and of chats that wait for nothing else."""
        return [
            update
            for update in listed
            if update.update_id not in self._stored and chat_of(update) not in self._busy
        ]

    def _by_chat(self, listed: Sequence[Update]) -> dict[int, list[Update]]:
        chats: defaultdict[int, list[Update]] = defaultdict(list)
        for update in self._new(listed):
            chats[chat_of(update)].append(update)
        return chats

    # --- what becomes of it --------------------------------------------------------------------

    async def _store(self, chat: int, updates: Sequence[Update]) -> bool:
        """Returns whether all were stored."""
        joined = self._albums.join(chat, updates)
        first = await store(joined, self._process)
        self._albums.forget(chat)
        before = updates if first is None else updates[: updates.index(first)]
        self._stored.update(update.update_id for update in before)
        return first is None

    async def _settle(self) -> bool:
        """Returns whether nothing failed, once all is stored or it is time to look again."""
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=LOOK)
        done = {chat: task for chat, task in self._busy.items() if task.done()}
        for chat in done:
            del self._busy[chat]
        return all(task.result() for task in done.values())

    def _confirm(self, listed: Sequence[Update]) -> None:
        open_ = (update.update_id for update in listed if update.update_id not in self._stored)
        end = listed[-1].update_id + 1 if listed else self._offset
        self._offset = next(open_, end)
        self._stored = {number for number in self._stored if number >= self._offset}
