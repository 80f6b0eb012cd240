"""From an event to what becomes of it: a turn in its lane, a command, a change of the history.

`put` is the Inbox: it returns once what must last is stored. What may take longer than that, an
answer to a command above all, is done beside it, by tasks that are bounded in number.
"""

from __future__ import annotations

from bot.beside import Beside
from bot.hearing import Hearing
from bot.interactions import Interactions
from bot.store import Store
from bot.types import Deleted, Edited, Event, Invoked, Moved, Pressed, Received


class Dispatcher:
    """An Inbox for all networks."""

    def __init__(self, hearing: Hearing, interactions: Interactions, store: Store, beside: Beside):
        self._hearing = hearing
        self._interactions = interactions
        self._store = store
        self._beside = beside

    async def put(self, event: Event) -> None:
        match event:
            case Received():
                await self._hearing.received(event)
            case Edited():
                await self._hearing.edited(event)
            case Deleted():
                await self._hearing.deleted(event)
            case Invoked():
                await self._interactions.invoked(event)
            case Pressed():
                await self._interactions.pressed(event)
            case Moved():
                await self._store.move(event.adapter, event.old_chat, event.new_chat)

    def close(self) -> None:
        """Leave what is still under way beside."""
        self._beside.close()
