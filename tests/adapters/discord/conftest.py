"""A server named Home with Ann in it and a bot beside it, without limits of rate."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.testing.discord import UNLIMITED, Channel, DiscordServer, Guild, Person
from tests.adapters.discord_bot import Bot, running


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(rates=UNLIMITED) as server:
        yield server


@pytest.fixture
def ann(server: DiscordServer) -> Person:
    return server.user("Ann", id=2001, locale="de")


@pytest.fixture
def home(server: DiscordServer, ann: Person) -> Guild:
    """Ann's own."""
    return server.guild("Home", ann)


@pytest.fixture
def general(home: Guild) -> Channel:
    return home.text("general")


@pytest.fixture
async def bot(server: DiscordServer, general: Channel) -> AsyncIterator[Bot]:
    async with running(server) as bot:
        yield bot
