"""Who speaks, and where."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class Role(IntEnum):
    """What somebody may do; each role may do all that the ones below it may."""

    BLOCKED = 0
    GUEST = 1
    USER = 2
    ADMIN = 3
    OWNER = 4


@dataclass(frozen=True, slots=True)
class UserRef:
    """`roles` are the network's ids of what the person was where this was said; `language` is
    that of the person's client, a locale such as ``de-AT``, where the network tells."""

    adapter: str
    id: str
    name: str = field(default="", compare=False)
    roles: tuple[str, ...] = field(default=(), compare=False)
    language: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.adapter}:{self.id}"


@dataclass(frozen=True, slots=True)
class ConversationKey:
    """The unit of history, order and settings."""

    adapter: str
    chat: str
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where messages come from and replies go to; `server` groups chats (a Discord guild)."""

    adapter: str
    chat: str
    thread: str = ""
    server: str = ""
    private: bool = False

    @property
    def key(self) -> ConversationKey:
        return ConversationKey(self.adapter, self.chat, self.thread)
