"""Everything that exists on this Discord, and who is told of what happens to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.testing.common.clock import Clock
from bot.testing.common.signal import Signal
from bot.testing.discord.accounts import Account, Json, Member
from bot.testing.discord.channels import Channel, Kind
from bot.testing.discord.commands import Commands
from bot.testing.discord.failures import (
    missing_access,
    missing_permissions,
    unknown,
)
from bot.testing.discord.guilds import Guild
from bot.testing.discord.intents import Intents, application_flags
from bot.testing.discord.interactions import Interaction
from bot.testing.discord.mentions import Allowed, pings
from bot.testing.discord.messages import REPLY, Attachment, Message
from bot.testing.discord.permissions import Permission
from bot.testing.discord.snowflakes import Snowflakes
from bot.testing.discord.visibility import event, permissions, sees

Data = Json | Callable[[Intents], Json]
"""An event's content, or how to make it for a session with these intents."""


class Audience(Protocol):
    @property
    def url(self) -> str:
        """Where it is connected to."""

    @property
    def start(self) -> Json:
        """What GET /gateway/bot says beside that."""

    def dispatch(self, name: str, data: Data, *, guild_id: int | None, intent: Intents) -> None:
        """Tell every session that asked for this intent and serves this guild."""


@dataclass(slots=True, repr=False)
class World:
    """`granted` are the privileged intents that are switched on in the portal; `url` is where
    files are downloaded from."""

    token: str
    bot: Account
    clock: Clock
    granted: Intents
    url: str = ""
    accounts: dict[int, Account] = field(default_factory=dict)
    guilds: dict[int, Guild] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    files: dict[int, Attachment] = field(default_factory=dict)
    interactions: dict[str, Interaction] = field(default_factory=dict)
    ids: Snowflakes = field(init=False)
    commands: Commands = field(init=False)
    audience: Audience = field(init=False)
    stirred: Signal = field(default_factory=Signal)
    """Set after whatever the bot did."""

    def __post_init__(self) -> None:
        self.ids = Snowflakes(self.clock)
        self.commands = Commands(self.ids, self.bot.id)
        self.accounts[self.bot.id] = self.bot

    @property
    def application_flags(self) -> int:
        return application_flags(self.granted)

    # --- channels --------------------------------------------------------------------------------

    def open(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        if channel.guild is not None:
            channel.guild.channels[channel.id] = channel
        return channel

    def direct(self, account: Account) -> Channel:
        """The direct messages between the bot and somebody."""
        for channel in self.channels.values():
            if channel.recipient is account:
                return channel
        return self.open(Channel(self.ids.next(), Kind.DM, recipient=account))

    def reachable(self, id: int, *needed: Permission) -> Channel:
        """The channel in which the bot has these permissions. Raises what Discord would answer."""
        channel = self.channels.get(id)
        if channel is None or channel.deleted:
            raise unknown("Channel")
        if not sees(self.bot, channel):
            raise missing_access()
        has = permissions(self.bot, channel)
        if any(permission not in has for permission in needed):
            raise missing_permissions()
        return channel

    def joined(self, id: int) -> Guild:
        guild = self.guilds.get(id)
        if guild is None:
            raise unknown("Guild")
        if guild.joined is None:
            raise missing_access()
        return guild

    # --- messages --------------------------------------------------------------------------------

    def post(
        self,
        channel: Channel,
        author: Account,
        content: str,
        *,
        allow: Allowed | None = None,
        age: float = 0.0,
        id: int | None = None,
        **more: Any,
    ) -> Message:
        """`age` is how many seconds ago it was said; white space around it is taken away."""
        message = Message(id or self.ids.next(age), channel, author, content.strip(), **more)
        self.ping(message, allow or Allowed())
        channel.messages[message.id] = message
        if channel.kind.is_thread:
            channel.members.add(author.id)
        return message

    def ping(self, message: Message, allow: Allowed) -> None:
        has = permissions(message.author, message.channel)
        message.pings = pings(
            message.text,
            self.accounts,
            message.channel.guild,
            allow,
            may_ping_everyone=Permission.MENTION_EVERYONE in has,
            reply_to=message.reference if message.kind == REPLY else None,
        )

    def keep(self, channel: Channel, name: str, data: bytes, media_type: str) -> Attachment:
        number = self.ids.next()
        url = f"{self.url}/attachments/{channel.id}/{number}/{name}"
        self.files[number] = Attachment(number, name, data, media_type, url)
        return self.files[number]

    # --- telling ---------------------------------------------------------------------------------

    def tell_message(self, name: str, message: Message) -> None:
        """Of an ephemeral message Discord tells as if it were a direct one, wherever it is
        (discord/discord-api-docs#4557)."""
        if message.ephemeral:
            direct = Intents.DIRECT_MESSAGES
            self.audience.dispatch(name, message.json, guild_id=None, intent=direct)
        else:
            self.tell_in(message.channel, name, lambda i: event(message, self.bot, i))

    def tell_in(self, channel: Channel, name: str, data: Data) -> None:
        """Of something about messages in it."""
        if channel.guild is None:
            self.audience.dispatch(name, data, guild_id=None, intent=Intents.DIRECT_MESSAGES)
        elif sees(self.bot, channel):
            guild_id = channel.guild.id
            self.audience.dispatch(name, data, guild_id=guild_id, intent=Intents.GUILD_MESSAGES)

    def tell_deleted(self, channel: Channel, *messages: Message) -> None:
        """More than one is a bulk deletion."""
        for message in messages:
            message.deleted = True
        ids = [str(message.id) for message in messages if not message.ephemeral]
        where = {"channel_id": str(channel.id)}
        where |= {"guild_id": str(channel.guild.id)} if channel.guild else {}
        if len(messages) > 1:
            self.tell_in(channel, "MESSAGE_DELETE_BULK", {"ids": ids, **where})
        elif ids:
            self.tell_in(channel, "MESSAGE_DELETE", {"id": ids[0], **where})

    def tell_channel(self, name: str, channel: Channel, **more: Any) -> None:
        """Whether it is seen or not: the bot hears of all channels, and of threads that it sees."""
        guild = channel.guild
        if guild is None or (channel.kind.is_thread and not sees(self.bot, channel)):
            return
        self.tell_guild(name, guild, channel.json | more)

    def tell_member(self, name: str, guild: Guild, member: Member) -> None:
        """Of itself the bot hears without the intent too."""
        data = member.full | {"guild_id": str(guild.id)}
        mine = member.account is self.bot
        self.tell_guild(name, guild, data, Intents.NONE if mine else Intents.GUILD_MEMBERS)

    def tell_guild(
        self, name: str, guild: Guild, data: Data, intent: Intents = Intents.GUILDS
    ) -> None:
        if guild.joined is not None:
            self.audience.dispatch(name, data, guild_id=guild.id, intent=intent)

    def tell_interaction(self, interaction: Interaction) -> None:
        self.interactions[interaction.token] = interaction
        guild = interaction.channel.guild
        self.audience.dispatch(
            "INTERACTION_CREATE",
            interaction.json,
            guild_id=guild.id if guild else None,
            intent=Intents.NONE,
        )
