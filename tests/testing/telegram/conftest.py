"""The strict Bot API server without limits of rate, spoken to over plain HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from bot.testing.telegram import UNLIMITED, TelegramServer
from tests.testing.telegram.client import Client


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(rates=UNLIMITED) as server:
        yield server


@pytest.fixture
async def bot(server: TelegramServer) -> AsyncIterator[Client]:
    async with ClientSession() as session:
        yield Client(server, session)
