"""The one way in for a question, whether it was said or asked by a command."""

from __future__ import annotations

import asyncio

from bot import texts
from bot.errors import CommandError
from bot.hooks import Hooks
from bot.lanes import Job, Lanes
from bot.store import Store
from bot.types import Message, Place


class Intake:
    def __init__(self, store: Store, lanes: Lanes, hooks: Hooks):
        self._store = store
        self._lanes = lanes
        self._hooks = hooks
        self._door = asyncio.Lock()  # commands come side by side

    async def take(self, place: Place, message: Message) -> None:
        """Keep it and have it answered, once fewer are open than may be; a second delivery does
        nothing. Raises CommandError with why it is not taken."""
        message = await self._hooks.message(place, message)
        async with self._lanes.room.place(), self._door:
            if self._lanes.full(place.key, message.author):
                raise CommandError(texts.TOO_MANY())
            if (turn := await self._store.receive(place, message)) is not None:
                self._lanes.add(Job(turn))
