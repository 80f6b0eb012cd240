"""The one way in for a question, whether it was said or asked by a command."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot import texts, texts_for_people
from bot.lanes import Job, Lanes
from bot.limits import Gate, Limited
from bot.store import Store
from bot.types import Message, Place, Role, UserRef

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


Revise = Callable[[Place, Message], Awaitable[Message]]
"""What is kept and answered in place of a question. Raises CommandError to refuse it."""


class Intake:
    def __init__(self, store: Store, lanes: Lanes, gate: Gate, revise: Revise):
        self._store = store
        self._lanes = lanes
        self._gate = gate
        self._revise = revise
        self._door = asyncio.Lock()  # commands come side by side

    async def take(self, place: Place, message: Message, role: Role) -> None:
        """Keep it and have it answered, once fewer are open than may be; a second delivery does
        nothing. Raises CommandError with why it is not taken."""
        if message.id and await self._store.known(place, message.id):
            return
        if message.author is not None:
            await self._ask_leave(place, message.author, role)
        message = await self._revise(place, message)
        async with self._lanes.room.place(), self._door:
            if self._lanes.full(place.key, message.author):
                raise await self._full(place, message.author)
            if (turn := await self._store.receive(place, message)) is not None:
                self._lanes.add(Job(turn))

    async def overhear(self, place: Place, message: Message) -> None:
        """Keep it, but for an answer."""
        if message.author is None or not await self._store.opted_out(message.author):
            await self._store.overhear(place, message)

    async def _ask_leave(self, place: Place, author: UserRef, role: Role) -> None:
        """Raises Limited."""
        if await self._store.opted_out(author):
            fresh = await self._store.once(f"opted out {author}", DAY)
            raise Limited(texts_for_people.IS_OPTED_OUT(), fresh=fresh)
        await self._gate.admit(author, role, place)

    async def _full(self, place: Place, author: UserRef | None) -> Limited:
        fresh = await self._store.once(f"full {author} {place.chat} {place.thread}", MINUTE)
        return Limited(texts.TOO_MANY(), fresh=fresh)
