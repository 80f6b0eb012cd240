"""A bot beside a server without limits of rate."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.testing.telegram import UNLIMITED, TelegramServer
from tests.adapters.telegram_bot import Bot, running


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(rates=UNLIMITED) as server:
        yield server


@pytest.fixture
async def bot(server: TelegramServer) -> AsyncIterator[Bot]:
    async with running(server) as bot:
        yield bot
