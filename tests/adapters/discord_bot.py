"""The adapter beside a strict server, with an inbox that keeps what it gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from adapters.discord import Discord
from bot.errors import StoreError
from bot.testing.discord import Channel, DiscordServer
from bot.types import CommandSpec, Event, Parameter, Place, Role

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

E = TypeVar("E", bound=Event)


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


@dataclass
class Notes:
    """A memory that lasts as long as the test."""

    kept: dict[str, str] = field(default_factory=dict)

    async def recall(self) -> Mapping[str, str]:
        return dict(self.kept)

    async def remember(self, notes: Mapping[str, str | None]) -> None:
        self.kept |= {name: value for name, value in notes.items() if value is not None}


class Bot:
    def __init__(self, server: DiscordServer, adapter: Discord):
        self.server, self.adapter = server, adapter
        self.inbox = KeptInbox()

    async def got(self, count: int) -> list[Event]:
        """The first so many events, once they are there."""
        inbox = self.inbox
        await self.server.until(lambda: len(inbox.events) >= count)
        assert len(inbox.events) == count
        return inbox.events

    async def got_one(self, kind: type[E]) -> E:
        (event,) = await self.got(1)
        assert isinstance(event, kind)
        return event


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
    task = asyncio.create_task(bot.adapter.run(bot.inbox))
    try:
        await server.until(lambda: bot.adapter.connected.is_set() or task.done())
        yield bot
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def place(channel: Channel) -> Place:
    """Where the adapter should take it to be."""
    if channel.guild is None:
        return Place("discord", str(channel.id), private=True)
    if channel.parent is not None:
        parent, thread = str(channel.parent.id), str(channel.id)
        return Place("discord", parent, thread, str(channel.guild.id))
    return Place("discord", str(channel.id), server=str(channel.guild.id))
