"""A strict Discord without limits of rate, and a bot that is nothing but a token."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.testing.discord import UNLIMITED, Channel, DiscordServer, Guild, Person
from tests.testing.discord.client import Rest, rest


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(rates=UNLIMITED) as server:
        server.gateway.identify_seconds = 0.0
        yield server


@pytest.fixture
async def bot(server: DiscordServer) -> AsyncIterator[Rest]:
    async with rest(server) as bot:
        yield bot


@pytest.fixture
def ann(server: DiscordServer) -> Person:
    return server.user("Ann", id=1)


@pytest.fixture
def ben(server: DiscordServer) -> Person:
    return server.user("Ben", id=2)


@pytest.fixture
def guild(server: DiscordServer, ann: Person, ben: Person) -> Guild:
    """Ann's own."""
    return server.guild("Home", ann, ben)


@pytest.fixture
def general(guild: Guild) -> Channel:
    return guild.text("general")
