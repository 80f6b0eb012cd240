"""A guild: its roles, members and channels, and who may do what in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.testing.discord.accounts import Account, Json, Member, Role
from bot.testing.discord.channels import Channel
from bot.testing.discord.permissions import (
    EVERYTHING,
    TIMED_OUT,
    USUAL,
    Permission,
    overwritten,
    united,
)
from bot.testing.discord.snowflakes import iso

if TYPE_CHECKING:
    from bot.testing.discord.world import World

UPLOAD_BYTES = 10 * 1024 * 1024
"""What a file may weigh in a guild without boosts."""


@dataclass(eq=False, slots=True, repr=False)
class GuildState:
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
