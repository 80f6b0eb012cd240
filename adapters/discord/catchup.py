"""What was said while the bot was away, or in a gap that the gateway could not replay."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import discord
import structlog
from discord import Member, Message, Object

from adapters.discord import permissions, reading
from adapters.discord.client import Client
from adapters.discord.events import Events
from adapters.discord.failures import said
from adapters.discord.lanes import Lanes
from adapters.discord.marks import Marks
from adapters.discord.recent import Recent

log = structlog.get_logger(__name__)

MOST = 5_000
"""Messages of one channel."""
MEMBERS = 1_000

OfServer = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
Readable = OfServer | discord.PartialMessageable


class CatchUp:
    """The lanes stand still from a new session's beginning until what was missed is in them."""

    def __init__(self, client: Client, lanes: Lanes, marks: Marks, events: Events):
        self._client, self._lanes, self._marks, self._events = client, lanes, marks, events
        self._beginning: set[int] = set()
        self._members: Recent[tuple[int, int], Member] = Recent(MEMBERS)

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Never waits."""
        match event, arguments:
            case "shard_connect", (int() as shard, *_):
                self._beginning.add(shard)
                self._lanes.gate.clear()
            case "shard_ready", (int() as shard, *_):
                self._queue(self._missed(shard))
                self._beginning.discard(shard)
                if not self._beginning:
                    self._lanes.gate.set()
            case "guild_available", (discord.Guild() as guild, *_):
                if guild.shard_id not in self._beginning:  # late, or back after an outage
                    self._queue(self._missed_in(guild))

    def _queue(self, channels: Iterator[tuple[Readable, int]]) -> None:
        for channel, since in channels:
            self._lanes.add(channel.id, partial(self._read, channel, since), first=True)

    def _missed(self, shard: int) -> Iterator[tuple[Readable, int]]:
        """Channels with news, and the id after which they are. Direct chats are the first
        shard's; of them Discord does not tell whether there are any."""
        for guild in self._client.guilds:
            if guild.shard_id == shard:
                yield from self._missed_in(guild)
        if shard == 0:
            for channel in self._marks.direct_channels():
                since = self._marks.since(channel, direct=True)
                yield self._client.get_partial_messageable(channel), since

    def _missed_in(self, guild: discord.Guild) -> Iterator[tuple[Readable, int]]:
        channels: list[OfServer] = [
            *guild.text_channels,
            *guild.voice_channels,
            *guild.stage_channels,
            *guild.threads,
        ]
        for channel in channels:
            since = self._marks.since(channel.id)
            news = (channel.last_message_id or 0) > since
            if news and not permissions.lacking(channel, permissions.READ_BACK):
                yield channel, since

    async def _read(self, channel: Readable, since: int) -> None:
        count = 0
        found = channel.history(limit=MOST, after=Object(since), oldest_first=True)
        try:
            async for message in found:
                await self._events.received(await self._with_roles(message))
                count += 1
        except (discord.NotFound, discord.Forbidden) as error:
            log.info("missed messages can't be read", channel=channel.id, why=said(error))
        if count:
            log.info("missed messages read", channel=channel.id, count=count)

    async def _with_roles(self, message: Message) -> Message:
        """History does not tell what its authors are in the server."""
        guild, author = message.guild, message.author
        if guild is None or isinstance(author, Member) or not reading.is_from_person(message):
            return message
        key = (guild.id, author.id)
        member = self._members.get(key)
        if member is None:
            try:
                member = await guild.fetch_member(author.id)
            except discord.NotFound:  # left meanwhile
                return message
            self._members[key] = member
        message.author = member
        return message
