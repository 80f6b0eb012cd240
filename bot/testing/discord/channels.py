"""Channels, threads and direct messages: what they are and what they show."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from bot.testing.discord.accounts import Account, Json
from bot.testing.discord.permissions import Overwrite
from bot.testing.discord.snowflakes import timestamp

if TYPE_CHECKING:
    from bot.testing.discord.guilds import Guild
    from bot.testing.discord.messages import Message


class Kind(IntEnum):
    TEXT = 0
    DM = 1
    VOICE = 2
    CATEGORY = 4
    NEWS = 5
    NEWS_THREAD = 10
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12
    FORUM = 15

    @property
    def is_thread(self) -> bool:
        return self in (Kind.NEWS_THREAD, Kind.PUBLIC_THREAD, Kind.PRIVATE_THREAD)


@dataclass(eq=False, slots=True, repr=False)
class Channel:
    """A thread has a `parent` and an `owner`; a direct message has a `recipient` and no guild.
    `typing` holds when the bot was seen typing, on the server's clock."""

    id: int
    kind: Kind
    name: str = ""
    guild: Guild | None = None
    parent: Channel | None = None
    owner: Account | None = None
    recipient: Account | None = None
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    members: set[int] = field(default_factory=set)
    typing: list[float] = field(default_factory=list)
    archived: bool = False
    locked: bool = False
    deleted: bool = False

    def __repr__(self) -> str:
        return f"<{self.kind.name.lower()} {self.name or self.recipient}>"

    @property
    def mention(self) -> str:
        return f"<#{self.id}>"

    @property
    def private(self) -> bool:
        return self.kind is Kind.DM

    @property
    def shown(self) -> list[Message]:
        """What everybody here sees, oldest first."""
        return [m for m in self._sorted() if not (m.deleted or m.ephemeral)]

    def shown_to(self, account: Account) -> list[Message]:
        """The ephemeral ones for this account included."""
        return [
            m
            for m in self._sorted()
            if not m.deleted and (not m.ephemeral or m.only_for is account)
        ]

    def by(self, account_id: int) -> list[Message]:
        return [m for m in self.shown if m.author.id == account_id]

    def transcript(self) -> str:
        """The channel as a person reads it, with the names of files and the labels of buttons."""
        return "\n".join(m.line for m in self.shown)

    def _sorted(self) -> list[Message]:
        return sorted(self.messages.values(), key=lambda message: message.id)

    @property
    def json(self) -> Json:
        last = max(self.messages, default=None)
        common: Json = {
            "id": str(self.id),
            "type": int(self.kind),
            "last_message_id": str(last) if last else None,
            "flags": 0,
        }
        if self.recipient is not None:
            return common | {"recipients": [self.recipient.json]}
        return common | self._in_guild | (self._thread if self.kind.is_thread else self._channel)

    @property
    def _in_guild(self) -> Json:
        return {
            "name": self.name,
            "guild_id": str(self.guild.id) if self.guild else None,
            "parent_id": str(self.parent.id) if self.parent else None,
            "rate_limit_per_user": 0,
            "nsfw": False,
        }

    @property
    def _channel(self) -> Json:
        roles = self.guild.roles if self.guild else {}
        overwrites = [
            {
                "id": str(key),
                "type": 0 if key in roles else 1,
                "allow": str(int(overwrite.allow)),
                "deny": str(int(overwrite.deny)),
            }
            for key, overwrite in self.overwrites.items()
        ]
        json: Json = {"position": 0, "topic": None, "permission_overwrites": overwrites}
        if self.kind is Kind.FORUM:
            json |= {
                "available_tags": [],
                "default_reaction_emoji": None,
                "default_sort_order": None,
                "default_forum_layout": 0,
            }
        return json | ({"bitrate": 64000, "user_limit": 0} if self.kind is Kind.VOICE else {})

    @property
    def _thread(self) -> Json:
        made = timestamp(self.id)
        metadata = {
            "archived": self.archived,
            "locked": self.locked,
            "auto_archive_duration": 1440,
            "archive_timestamp": made,
            "create_timestamp": made,
        }
        return {
            "owner_id": str(self.owner.id) if self.owner else None,
            "member_count": len(self.members),
            "message_count": len(self.shown),
            "total_message_sent": len(self.messages),
            "applied_tags": [],
            "thread_metadata": metadata,
        }
