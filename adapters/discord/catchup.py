"""What was said while the bot was away, or in a gap that the gateway could not replay; and what
became of the last questions meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import discord
import structlog
from discord import Member, Message, Object

from adapters.discord import permissions, reading
from adapters.discord.client import Client
from adapters.discord.events import Events
from adapters.discord.failures import UNKNOWN_MESSAGE, said
from adapters.discord.lanes import Job, Lanes
from adapters.discord.marks import Marks
from adapters.discord.recent import Recent

log = structlog.get_logger(__name__)

MOST = 5_000
"""Messages of one channel."""
MEMBERS = 1_000

OfServer = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
Readable = OfServer | discord.PartialMessageable
Questions = Mapping[int, int]
"""Each channel's last."""


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
                self._queue(self._left_to_do(shard))
                self._beginning.discard(shard)
                if not self._beginning:
                    self._lanes.gate.set()
            case "guild_available", (discord.Guild() as guild, *_):
                if guild.shard_id not in self._beginning:  # late, or back after an outage
                    self._queue(self._left_in(guild, dict(self._marks.questions())))

    def _queue(self, work: Iterator[tuple[int, Job]]) -> None:
        """What is put first last goes on first: a question is older than what was missed."""
        for channel, job in work:
            self._lanes.add(channel, job, first=True)

    def _left_to_do(self, shard: int) -> Iterator[tuple[int, Job]]:
        questions = dict(self._marks.questions())
        for guild in self._client.guilds:
            if guild.shard_id == shard:
                yield from self._left_in(guild, questions)
        if shard == 0:
            yield from self._left_directly(questions)

    def _left_in(self, guild: discord.Guild, questions: Questions) -> Iterator[tuple[int, Job]]:
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
                yield channel.id, partial(self._read, channel, since)
            if channel.id in questions:
                yield channel.id, self._again(channel, guild.id, questions[channel.id])

    def _left_directly(self, questions: Questions) -> Iterator[tuple[int, Job]]:
        """Of direct chats Discord does not tell whether there are any news."""
        for number in self._marks.direct_channels():
            chat = self._client.get_partial_messageable(number)
            yield number, partial(self._read, chat, self._marks.since(number, direct=True))
            if number in questions:
                yield number, self._again(chat, None, questions[number])

    def _again(self, channel: Readable, server: int | None, question: int) -> Job:
        return partial(self._reread, channel, server, question, self._marks.latest)

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

    async def _reread(
        self, channel: Readable, server: int | None, question: int, since: datetime
    ) -> None:
        """It may have been changed or deleted."""
        try:
            message = await channel.fetch_message(question)
            if message.edited_at is not None and message.edited_at > since:
                await self._events.edited(message)
        except discord.NotFound as error:
            if error.code == UNKNOWN_MESSAGE:
                await self._events.deleted(channel.id, server, question)
        except discord.Forbidden as error:
            log.info("a question can't be read again", channel=channel.id, why=said(error))

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
