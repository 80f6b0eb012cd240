"""The adapter: one bot on Discord, its events going in, the core's posts going out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar

import discord
import structlog

from adapters.discord import permissions, texts
from adapters.discord.attachments import Attachments
from adapters.discord.catchup import CatchUp
from adapters.discord.client import Client
from adapters.discord.config import DiscordConfig
from adapters.discord.conversations import Conversations
from adapters.discord.events import Events
from adapters.discord.failures import LONGEST_TEXT, typed
from adapters.discord.gateway import End, serve
from adapters.discord.interactions import Interactions
from adapters.discord.lacks import Lacks
from adapters.discord.lanes import Lanes
from adapters.discord.link import Link
from adapters.discord.marks import Marks
from adapters.discord.menu import Menu
from adapters.discord.outbox import Outbox
from adapters.discord.patience import patiently
from adapters.discord.pending import Pending
from adapters.discord.probe import probe
from adapters.discord.reading import NAME
from adapters.discord.thoughts import ThoughtThreads
from bot.adapter import Inbox, Memory, Suggest
from bot.backoff import Backoff
from bot.errors import DeliveryError, StoreError
from bot.types import CommandSpec, Finding, Limits, Place, Post, PostRef, Rate, Role, UserRef

log = structlog.get_logger(__name__)

LIMITS = Limits(
    length=LONGEST_TEXT,
    edit_interval=1.25,
    per_place=Rate(burst=4, seconds=1.1),
    overall=Rate(burst=5, seconds=1 / 30),
    file_bytes=10 * 1024 * 1024,
    threads=True,
    ephemeral=True,
    collapsible=True,
)
"""A little calmer than what is seen of the limits, which the library follows besides:
https://discord.com/developers/docs/topics/rate-limits"""


class Discord:
    """`connected`: events come in, and none waits for what was missed before it."""

    Config: ClassVar[type[DiscordConfig]] = DiscordConfig
    name = NAME
    limits = LIMITS

    def __init__(self, config: DiscordConfig):
        self._config = config
        self._link = Link(config)
        self._menu, self._pending, self._lacks = Menu(config.guilds), Pending(), Lacks()
        self._marks = Marks(config.catch_up)
        self._conversations = Conversations(config.context, self._cant_open)
        thoughts = ThoughtThreads(config)
        self._outbox = Outbox(self._link, self._pending, self._conversations, self._lacks, thoughts)
        self._beside: asyncio.TaskGroup | None = None
        self.connected = asyncio.Event()

    # --- in ------------------------------------------------------------------------------------

    async def run(self, inbox: Inbox) -> None:
        backoff = Backoff()
        await patiently(self._marks.load)
        try:
            while True:
                client = await self._link.persistently()
                end = await self._serve(client, inbox)
                if end.error is not None:
                    raise end.error
                if end.without_content:
                    self._link.give_up_content()
                if client.is_ready():  # it had been connected
                    backoff.reset()
                await self._link.close()
                await backoff.wait()
        finally:
            await self.close()

    async def probe(self) -> Sequence[Finding]:
        return await probe(self._config, self._config.token.reveal())

    async def close(self) -> None:
        """For whoever only sent, and never ran."""
        await self._link.close()
        await self._marks.write()

    async def _serve(self, client: Client, inbox: Inbox) -> End:
        async with asyncio.TaskGroup() as group:
            working = group.create_task(self._work(client, inbox))
            end = await serve(client)
            working.cancel()
        return end

    async def _work(self, client: Client, inbox: Inbox) -> None:
        async with asyncio.TaskGroup() as group:
            self._beside = group
            self._listen(client, group, inbox)
            try:
                await self._show_menu(client)
                await self._marks.write_regularly()
            finally:  # before the group ends, which takes nothing more then
                client.hear = self._beside = None
                self.connected.clear()

    def _listen(self, client: Client, group: asyncio.TaskGroup, inbox: Inbox) -> None:
        lanes = Lanes(group)
        attachments = Attachments(self._config)
        interactions = Interactions(
            inbox, self._menu, self._pending, self._conversations, attachments
        )
        events = Events(
            client,
            group,
            inbox,
            lanes,
            self._marks,
            self._conversations,
            attachments,
            interactions,
        )
        catch_up = CatchUp(client, lanes, self._marks, events)

        def hear(event: str, arguments: tuple[Any, ...]) -> None:
            catch_up.heard(event, arguments)
            if event == "shard_ready":
                log.info("discord connected", bot=client.me.name, servers=len(client.guilds))
            events.heard(event, arguments)
            self._follow(event, complete=lanes.gate.is_set())

        client.hear = hear

    def _follow(self, event: str, *, complete: bool) -> None:
        if event in ("shard_connect", "shard_disconnect"):
            self.connected.clear()
        elif event in ("shard_ready", "shard_resumed") and complete:
            self.connected.set()

    async def _show_menu(self, client: Client) -> None:
        try:
            async with typed():
                await self._menu.show(client)
        except (DeliveryError, StoreError) as error:  # messages do not wait for a menu
            log.warning("commands not set", why=str(error))

    def _cant_open(self, channel: discord.TextChannel, lacks: list[str]) -> None:
        """No thread for an answer: said once in the channel."""
        if self._lacks.log(channel, lacks) and self._beside is not None:
            self._beside.create_task(
                self._say(channel, texts.no_threads(lacks, f"#{channel.name}"))
            )

    async def _say(self, channel: discord.TextChannel, sentence: str) -> None:
        try:
            async with typed():
                await channel.send(sentence)
        except DeliveryError as error:
            log.info("not said", why=str(error))

    # --- out -----------------------------------------------------------------------------------

    async def send(self, place: Place, post: Post) -> PostRef:
        return await self._outbox.send(place, post)

    async def edit(self, ref: PostRef, post: Post) -> None:
        await self._outbox.edit(ref, post)

    async def delete(self, ref: PostRef) -> None:
        await self._outbox.delete(ref)

    async def typing(self, place: Place) -> None:
        await self._outbox.typing(place)

    async def role(self, user: UserRef, place: Place) -> Role:
        """In a direct chat everyone administers; in a server who may manage it, or has a role that
        the config names."""
        if place.private or not set(user.roles).isdisjoint(self._config.admin_roles):
            return Role.ADMIN
        client = self._link.known
        if client is not None and permissions.administers(client, user.id, user.roles, place):
            return Role.ADMIN
        return Role.USER

    async def publish(self, commands: Sequence[CommandSpec]) -> None:
        """Shown once `run` is connected."""
        self._menu.commands = tuple(commands)
        if self._beside is not None and (client := self._link.known) is not None:
            async with typed():
                await self._menu.show(client)

    def give_memory(self, memory: Memory) -> None:
        self._marks.memory = self._menu.memory = memory

    def suggest_from(self, suggest: Suggest) -> None:
        self._menu.suggest = suggest
