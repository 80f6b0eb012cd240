"""Commands of a bot, and where they are registered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.testing.discord import DiscordServer, Guild
from tests.testing.discord.client import Json, Rest, rest

ASK: Json = {
    "name": "ask",
    "description": "ask the model",
    "options": [
        {"name": "question", "description": "what", "type": 3, "required": True},
        {"name": "length", "description": "how long", "type": 4, "min_value": 1, "max_value": 9},
        {
            "name": "style",
            "description": "how",
            "type": 3,
            "choices": [{"name": "Short", "value": "short"}],
        },
        {"name": "model", "description": "which", "type": 3, "autocomplete": True},
    ],
}
SETTINGS: Json = {
    "name": "settings",
    "description": "change settings",
    "default_member_permissions": str(1 << 5),
    "options": [
        {
            "name": "set",
            "description": "set one",
            "type": 1,
            "options": [
                {"name": "key", "description": "which", "type": 3, "required": True},
                {"name": "on", "description": "on or off", "type": 5, "required": False},
            ],
        }
    ],
}
EXPLAIN: Json = {"name": "Explain this", "type": 3}


def commands(server: DiscordServer, guild: Guild | None = None) -> str:
    inside = f"/guilds/{guild.id}" if guild else ""
    return f"/applications/{server.bot.id}{inside}/commands"


@asynccontextmanager
async def registered(server: DiscordServer) -> AsyncIterator[Rest]:
    """A bot with these commands."""
    async with rest(server) as bot:
        await bot.call("PUT", commands(server), [ASK, SETTINGS, EXPLAIN])
        yield bot
