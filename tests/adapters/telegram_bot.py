"""The adapter beside a strict server, with an inbox that keeps what it gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from adapters.telegram import Telegram
from bot.errors import StoreError
from bot.testing.telegram import TelegramServer
from bot.types import CommandSpec, Event, Role

COMMANDS = (
    CommandSpec("help", "what can be asked for", role=Role.GUEST, translations={"de": "Hilfe"}),
    CommandSpec("pair", "redeem a code", role=Role.GUEST),
    CommandSpec("set", "change a setting", role=Role.ADMIN),
    CommandSpec("backup", "keep a copy", role=Role.OWNER),
)


class KeptInbox:
    """`failing` makes the next so many puts fail, as a full disk would."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.failing = 0

    async def put(self, event: Event) -> None:
        await asyncio.sleep(0)
        if self.failing:
            self.failing -= 1
            raise StoreError("The disk is full.")
        self.events.append(event)


class Bot:
    def __init__(self, server: TelegramServer, adapter: Telegram):
        self.server, self.adapter = server, adapter
        self.inbox = KeptInbox()

    async def got(self, count: int) -> list[Event]:
        """The first so many events, once they are there and confirmed."""
        inbox, updates = self.inbox, self.server.world.updates
        await self.server.until(lambda: len(inbox.events) >= count and not updates.pending)
        assert len(inbox.events) == count
        return inbox.events


def configured(server: TelegramServer, **more: Any) -> Telegram:
    given = {
        "token": server.token,
        "base_url": server.base_url,
        "base_file_url": server.base_file_url,
    }
    return Telegram(Telegram.Config.model_validate(given | more))


@asynccontextmanager
async def running(server: TelegramServer, **more: Any) -> AsyncIterator[Bot]:
    bot = Bot(server, configured(server, **more))
    await bot.adapter.publish(COMMANDS)
    task = asyncio.create_task(bot.adapter.run(bot.inbox))
    try:
        calls = server.api.calls
        await server.until(lambda: calls["getUpdates"] or calls["setWebhook"] or task.done())
        yield bot
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
