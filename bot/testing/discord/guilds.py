"""A guild: its roles, members and channels, and what its owner does with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.testing.discord.accounts import Account, Json, Member, Role
from bot.testing.discord.channels import Channel, Kind
from bot.testing.discord.intents import Intents
from bot.testing.discord.permissions import (
    EVERYTHING,
    TIMED_OUT,
    USUAL,
    Overwrite,
    Permission,
    named,
    overwritten,
    united,
)
from bot.testing.discord.snowflakes import iso

if TYPE_CHECKING:
    from bot.testing.discord.world import World

UPLOAD_BYTES = 10 * 1024 * 1024
"""What a file may weigh in a guild without boosts."""


@dataclass(eq=False, slots=True, repr=False)
class Guild:
    """`joined` is when the bot came, None while it is not here."""

    world: World
    id: int
    name: str
    owner: Account
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    locale: str = "en-US"
    joined: float | None = None

    def __post_init__(self) -> None:
        self.roles[self.id] = Role(self.id, "@everyone", USUAL)

    def __repr__(self) -> str:
        return f"<guild {self.name}>"

    @property
    def everyone(self) -> Role:
        return self.roles[self.id]

    @property
    def bot_role(self) -> Role:
        """The role that came with the bot: what it was invited with."""
        return next(r for r in self.roles.values() if r.bot_id == self.world.bot.id)

    @property
    def threads(self) -> list[Channel]:
        """The active ones."""
        return [c for c in self.channels.values() if c.kind.is_thread and not c.archived]

    # --- who may do what -------------------------------------------------------------------------

    def permissions(self, account: Account, channel: Channel | None = None) -> Permission:
        member = self.members.get(account.id)
        if member is None:
            return Permission.NONE
        base = united([self.everyone.permissions, *(r.permissions for r in member.roles)])
        if account is self.owner or Permission.ADMINISTRATOR in base:
            return EVERYTHING
        if channel is not None:
            base = self._in_channel(base, member, channel.parent or channel)
        return base & TIMED_OUT if member.silent_until > self.world.clock.unix() else base

    def _in_channel(self, base: Permission, member: Member, channel: Channel) -> Permission:
        layers = [[self.id], [role.id for role in member.roles], [member.account.id]]
        for layer in layers:
            found = (channel.overwrites.get(key) for key in layer)
            base = overwritten(base, (o for o in found if o is not None))
        return base if Permission.VIEW_CHANNEL in base else Permission.NONE

    # --- what its owner does ---------------------------------------------------------------------

    def text(self, name: str) -> Channel:
        return self._channel(name, Kind.TEXT)

    def forum(self, name: str) -> Channel:
        return self._channel(name, Kind.FORUM)

    def voice(self, name: str) -> Channel:
        return self._channel(name, Kind.VOICE)

    def _channel(self, name: str, kind: Kind) -> Channel:
        channel = self.world.open(Channel(self.world.ids.next(), kind, name, self))
        self.world.tell_channel("CHANNEL_CREATE", channel)
        return channel

    def adds(self, account: Account) -> Member:
        member = Member(account, self.world.clock.unix())
        self.members[account.id] = member
        self.world.tell_member("GUILD_MEMBER_ADD", self, member)
        return member

    def removes(self, account: Account) -> None:
        self.members.pop(account.id)
        gone = {"guild_id": str(self.id), "user": account.json}
        self.world.tell_guild("GUILD_MEMBER_REMOVE", self, gone, Intents.GUILD_MEMBERS)

    def role(self, name: str, *permissions: str, to: Account | None = None) -> Role:
        """A new role, given to somebody at once if that is said."""
        number = len(self.roles)
        role = Role(self.world.ids.next(), name, named(*permissions), number)
        self.roles[role.id] = role
        self.world.tell_guild(
            "GUILD_ROLE_CREATE", self, {"guild_id": str(self.id), "role": role.json}
        )
        if to is not None:
            self.gives(role, to)
        return role

    def gives(self, role: Role, account: Account) -> None:
        self.members[account.id].roles.append(role)
        self._member_changed(account)

    def takes(self, role: Role, account: Account) -> None:
        self.members[account.id].roles.remove(role)
        self._member_changed(account)

    def times_out(self, account: Account, seconds: float = 600.0) -> None:
        self.members[account.id].silent_until = self.world.clock.unix() + seconds
        self._member_changed(account)

    def _member_changed(self, account: Account) -> None:
        self.world.tell_member("GUILD_MEMBER_UPDATE", self, self.members[account.id])

    def allows(self, permissions: str, to: Account | Role, channel: Channel) -> None:
        """`permissions` are names with spaces between."""
        self._overwrite(channel, to, allow=named(*permissions.split()))

    def denies(self, permissions: str, to: Account | Role, channel: Channel) -> None:
        self._overwrite(channel, to, deny=named(*permissions.split()))

    def _overwrite(
        self,
        channel: Channel,
        to: Account | Role,
        allow: Permission = Permission.NONE,
        deny: Permission = Permission.NONE,
    ) -> None:
        overwrite = channel.overwrites.setdefault(to.id, Overwrite())
        overwrite.allow = overwrite.allow & ~deny | allow
        overwrite.deny = overwrite.deny & ~allow | deny
        self.world.tell_channel("CHANNEL_UPDATE", channel)

    def deletes(self, channel: Channel) -> None:
        for gone in [c for c in self.channels.values() if channel in (c, c.parent)]:
            gone.deleted = True
        self.world.tell_channel(
            "THREAD_DELETE" if channel.kind.is_thread else "CHANNEL_DELETE", channel
        )

    def archives(self, thread: Channel, *, locked: bool = False) -> None:
        thread.archived, thread.locked = True, locked
        self.world.tell_channel("THREAD_UPDATE", thread)

    def invites_bot(self, permissions: Permission = USUAL) -> None:
        bot = self.world.bot
        role = Role(self.world.ids.next(), bot.name, permissions, len(self.roles), bot_id=bot.id)
        self.roles[role.id] = role
        self.joined = self.world.clock.unix()
        self.members[bot.id] = Member(bot, self.joined, [role])
        self.world.tell_guild(
            "GUILD_CREATE", self, lambda i: self.whole(members=Intents.GUILD_MEMBERS in i)
        )

    def removes_bot(self) -> None:
        """As a kick does."""
        self.world.tell_guild("GUILD_DELETE", self, {"id": str(self.id)})
        self.roles.pop(self.bot_role.id)
        self.members.pop(self.world.bot.id)
        self.joined = None

    # --- as the API shows it ---------------------------------------------------------------------

    @property
    def json(self) -> Json:
        settings: Json = {
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "system_channel_flags": 0,
            "afk_timeout": 300,
        }
        absent = (
            "icon splash discovery_splash description banner afk_channel_id system_channel_id "
            "rules_channel_id public_updates_channel_id application_id vanity_url_code"
        )
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner.id),
            "preferred_locale": self.locale,
            "region": "deprecated",
            "features": [],
            "emojis": [],
            "stickers": [],
            "roles": [role.json for role in self.roles.values()],
            **settings,
            **dict.fromkeys(absent.split()),
        }

    def whole(self, *, members: bool) -> Json:
        """As it comes over the gateway; without the intent for members only the bot is in it."""
        bot = self.world.bot
        shown = [m for m in self.members.values() if members or m.account is bot]
        visible = [
            c
            for c in self.channels.values()
            if not c.deleted and Permission.VIEW_CHANNEL in self.permissions(bot, c)
        ]
        return self.json | {
            "joined_at": iso(self.joined or 0.0),
            "large": False,
            "member_count": len(self.members),
            "members": [member.full for member in shown],
            "channels": [c.json for c in visible if not c.kind.is_thread],
            "threads": [c.json for c in visible if c.kind.is_thread and not c.archived],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }
