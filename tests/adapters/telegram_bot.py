"""Telegram's adapter beside its strict server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from adapters.telegram import Telegram
from bot.testing.telegram import TelegramServer
from bot.types import CommandSpec, Role
from tests.adapters.kept import Tried

COMMANDS = (
    CommandSpec("help", "what can be asked for", role=Role.GUEST, translations={"de": "Hilfe"}),
    CommandSpec("pair", "redeem a code", role=Role.GUEST),
    CommandSpec("set", "change a setting", role=Role.ADMIN),
    CommandSpec("backup", "keep a copy", role=Role.OWNER),
)


Bot = Tried[Telegram]


def configured(server: TelegramServer, **more: Any) -> Telegram:
    given = {
        "token": server.token,
        "base_url": server.base_url,
        "base_file_url": server.base_file_url,
    }
    return Telegram(Telegram.Config.model_validate(given | more))


@asynccontextmanager
async def running(server: TelegramServer, **more: Any) -> AsyncIterator[Bot]:
    bot = Bot(server, configured(server, **more), lambda: not server.world.updates.pending)
    await bot.adapter.publish(COMMANDS)
    calls = server.api.calls
    async with bot.running(lambda: calls["getUpdates"] or calls["setWebhook"]):
        yield bot
