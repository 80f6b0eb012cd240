"""Discord's adapter beside its strict server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from adapters.discord import Discord
from bot.testing.discord import Channel, DiscordServer
from bot.types import CommandSpec, Parameter, Place, Role
from tests.adapters.kept import Notes, Tried

COMMANDS = (
    CommandSpec("help", "what can be asked for", role=Role.GUEST, translations={"de": "Hilfe"}),
    CommandSpec("ask", "ask the model", (Parameter("question", "what to ask"),), asks=True),
    CommandSpec(
        "set",
        "change a setting",
        (
            Parameter("name", "which one", choices=("temperature", "system_prompt")),
            Parameter("value", "its new value", long=True),
        ),
        role=Role.ADMIN,
    ),
    CommandSpec("model", "choose", (Parameter("name", "which", suggestions="models"),)),
)

Bot = Tried[Discord]


def configured(server: DiscordServer, **more: Any) -> Discord:
    given = {"token": server.token, "api_url": server.api_url}
    return Discord(Discord.Config.model_validate(given | more))


@asynccontextmanager
async def running(
    server: DiscordServer, notes: Notes | None = None, **more: Any
) -> AsyncIterator[Bot]:
    bot = Bot(server, configured(server, **more))
    bot.adapter.give_memory(notes or Notes())
    await bot.adapter.publish(COMMANDS)
    async with bot.running(bot.adapter.connected.is_set):
        yield bot


def place(channel: Channel) -> Place:
    """Where the adapter should take it to be."""
    if channel.guild is None:
        return Place("discord", str(channel.id), private=True)
    if channel.parent is not None:
        parent, thread = str(channel.parent.id), str(channel.id)
        return Place("discord", parent, thread, str(channel.guild.id))
    return Place("discord", str(channel.id), server=str(channel.guild.id))
