"""The gateway's events become the core's, in each channel's order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import discord
import structlog
from discord import (
    Message,
    PartialMessageable,
    RawBulkMessageDeleteEvent,
    RawMessageDeleteEvent,
    RawMessageUpdateEvent,
)

from adapters.discord import reading
from adapters.discord.attachments import Attachments
from adapters.discord.client import Client
from adapters.discord.conversations import Conversations
from adapters.discord.interactions import Interactions
from adapters.discord.lanes import Lanes
from adapters.discord.marks import Marks
from adapters.discord.reading import NAME
from bot import types
from bot.adapter import Inbox
from bot.types import Deleted, Edited, Place, Received

log = structlog.get_logger(__name__)


class Events:
    def __init__(
        self,
        client: Client,
        group: asyncio.TaskGroup,
        inbox: Inbox,
        lanes: Lanes,
        marks: Marks,
        conversations: Conversations,
        attachments: Attachments,
        interactions: Interactions,
    ):
        self._client, self._group, self._inbox = client, group, inbox
        self._lanes, self._marks = lanes, marks
        self._conversations, self._attachments = conversations, attachments
        self._interactions = interactions
        self._handlers: dict[str, Callable[[Any], None]] = {
            "message": self._message,
            "raw_message_edit": self._edit,
            "raw_message_delete": self._delete,
            "raw_bulk_message_delete": self._bulk_delete,
            "interaction": self._interaction,
            "guild_remove": self._left,
        }

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Never waits."""
        if (handler := self._handlers.get(event)) is not None:
            handler(arguments[0])

    # --- messages ------------------------------------------------------------------------------

    def _message(self, message: Message) -> None:
        self._lanes.add(message.channel.id, partial(self.received, message))

    async def received(self, message: Message) -> None:
        """A message that is new, or was missed; each once. To be done again if it raises."""
        if not self._marks.is_new(message.id):
            return
        if reading.is_from_person(message):
            await self._received(message)
        direct = message.guild is None
        self._marks.handled(message.channel.id, message.id, direct=direct)

    async def _received(self, message: Message) -> None:
        me = self._client.me.id
        if isinstance(message.channel, PartialMessageable) and message.guild is not None:
            message.channel = await self._client.fetch_channel(message.channel.id)  # type: ignore[assignment]
        text = reading.text_of(message, me)
        addressed = reading.is_addressed(message, me) or self._opened_here(message)
        place = await self._conversations.place_of(message, text, addressed=addressed)
        said = types.Message(
            "user",
            text,
            reading.person(message.author),
            id=str(message.id),
            time=message.created_at,
            attachments=await self._attachments.read(message.attachments),
        )
        if not (text or said.attachments or addressed):
            return  # nothing of it can be read
        event = Received(place, said, addressed, reading.replied_to(message))
        await self._inbox.put(event)
        if addressed:
            self._marks.asked(message.channel.id, message.id)

    def _opened_here(self, message: Message) -> bool:
        """In a thread that the bot opened for a question, all that follows is said to it."""
        channel = message.channel
        return isinstance(channel, discord.Thread) and channel.owner_id == self._client.me.id

    # --- changes -------------------------------------------------------------------------------

    def _edit(self, event: RawMessageUpdateEvent) -> None:
        """Not for link previews and opened threads, which come as edits, too."""
        message = event.message
        if message.edited_at is not None and reading.is_from_person(message):
            self._lanes.add(event.channel_id, partial(self.edited, message))

    async def edited(self, message: Message) -> None:
        text = reading.text_of(message, self._client.me.id)
        if text:
            here = reading.place_of(message.channel, _server(message))
            place = self._conversations.known(message.id, here)
            await self._inbox.put(Edited(place, str(message.id), text))

    def _delete(self, event: RawMessageDeleteEvent) -> None:
        self._gone(event.channel_id, event.guild_id, [event.message_id])

    def _bulk_delete(self, event: RawBulkMessageDeleteEvent) -> None:
        self._gone(event.channel_id, event.guild_id, sorted(event.message_ids))

    def _gone(self, channel: int, server: int | None, messages: list[int]) -> None:
        """Of a message no more is known than its id: its conversation may be remembered."""
        here = self._place(channel, server)
        places: dict[Place, list[str]] = {}
        for message in messages:
            place = self._conversations.known(message, here)
            places.setdefault(place, []).append(str(message))
        for place, ids in places.items():
            self._lanes.add(channel, partial(self._inbox.put, Deleted(place, tuple(ids))))

    async def deleted(self, channel: int, server: int | None, message: int) -> None:
        place = self._conversations.known(message, self._place(channel, server))
        await self._inbox.put(Deleted(place, (str(message),)))

    def _place(self, channel: int, server: int | None) -> Place:
        known = self._client.get_channel(channel)
        if server is not None and isinstance(known, discord.Thread):
            return reading.place_of(known, server)
        return Place(NAME, str(channel), server=str(server or ""), private=server is None)

    # --- the rest ------------------------------------------------------------------------------

    def _interaction(self, interaction: discord.Interaction) -> None:
        """Beside the lanes: it has to be acknowledged within seconds."""
        self._group.create_task(_guarded(self._interactions.heard(interaction)))

    def _left(self, guild: discord.Guild) -> None:
        log.info("left a server", server=guild.id, name=guild.name)


async def _guarded(work: Awaitable[None]) -> None:
    try:
        await work
    except Exception:
        log.exception("interaction dropped")


def _server(message: Message) -> int | None:
    return message.guild.id if message.guild else None
