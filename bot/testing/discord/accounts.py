"""Accounts, and what they are in a guild: roles and members."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.testing.discord.permissions import Permission
from bot.testing.discord.snowflakes import iso

Json = dict[str, Any]


@dataclass(eq=False, slots=True)
class Account:
    """`blocked`: this person takes no direct messages from the bot."""

    id: int
    name: str
    bot: bool = False
    locale: str = "en-US"
    blocked: bool = False

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    @property
    def json(self) -> Json:
        return {
            "id": str(self.id),
            "username": self.name.lower().replace(" ", "_"),
            "global_name": self.name,
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
        }


@dataclass(eq=False, slots=True)
class Role:
    """`bot_id` names the bot that this role was made for."""

    id: int
    name: str
    permissions: Permission
    position: int = 0
    mentionable: bool = False
    bot_id: int | None = None

    @property
    def mention(self) -> str:
        return f"<@&{self.id}>"

    @property
    def json(self) -> Json:
        colors = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
        json: Json = {
            "id": str(self.id),
            "name": self.name,
            "permissions": str(int(self.permissions)),
            "position": self.position,
            "mentionable": self.mentionable,
            "managed": self.bot_id is not None,
            "hoist": False,
            "color": 0,
            "colors": colors,
            "flags": 0,
        }
        return json | ({"tags": {"bot_id": str(self.bot_id)}} if self.bot_id else {})


@dataclass(eq=False, slots=True)
class Member:
    """`silent_until` is the end of a time-out, in Unix time."""

    account: Account
    joined: float
    roles: list[Role] = field(default_factory=list)
    nick: str | None = None
    silent_until: float = 0.0

    @property
    def json(self) -> Json:
        """Without the user, as it stands beside a message."""
        return {
            "roles": [str(role.id) for role in self.roles],
            "nick": self.nick,
            "avatar": None,
            "joined_at": iso(self.joined),
            "premium_since": None,
            "communication_disabled_until": iso(self.silent_until) if self.silent_until else None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
        }

    @property
    def full(self) -> Json:
        return self.json | {"user": self.account.json}
