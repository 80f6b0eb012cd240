"""Messages as they are shown, edited and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.testing.discord.accounts import Account, Json, Role
from bot.testing.discord.snowflakes import iso, timestamp

if TYPE_CHECKING:
    from bot.testing.discord.channels import Channel

EPHEMERAL, LOADING, IS_COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 15
HAS_THREAD = 1 << 5
DEFAULT, THREAD_CREATED, REPLY, CHAT_COMMAND, THREAD_STARTER, CONTEXT_COMMAND = (
    0,
    18,
    19,
    20,
    21,
    23,
)


@dataclass(frozen=True, slots=True)
class Attachment:
    id: int
    name: str
    data: bytes
    media_type: str
    url: str
    description: str = ""

    @property
    def json(self) -> Json:
        return {
            "id": str(self.id),
            "filename": self.name,
            "size": len(self.data),
            "url": self.url,
            "proxy_url": self.url,
            "content_type": self.media_type,
            "description": self.description or None,
        }


@dataclass(frozen=True, slots=True)
class Pings:
    """Who is notified of a message."""

    users: tuple[Account, ...] = ()
    roles: tuple[Role, ...] = ()
    everyone: bool = False

    def __bool__(self) -> bool:
        return bool(self.users or self.roles or self.everyone)


@dataclass(eq=False, slots=True, repr=False)
class Message:
    """`reference` is the message that it replies to; `versions` are its contents before edits;
    `only_for` sees an ephemeral one; `allowed_mentions` is what its sender said of pings."""

    id: int
    channel: Channel
    author: Account
    content: str = ""
    kind: int = DEFAULT
    flags: int = 0
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    pings: Pings = field(default_factory=Pings)
    allowed_mentions: Json | None = None
    reference: Message | None = None
    only_for: Account | None = None
    interaction: Json | None = None
    nonce: str | None = None
    tts: bool = False
    thread: Channel | None = None
    edited: float | None = None
    versions: list[str] = field(default_factory=list)
    deleted: bool = False

    def __repr__(self) -> str:
        return f"<{self.line}>"

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """The bot is thinking, as a deferred answer says."""
        return bool(self.flags & LOADING)

    @property
    def all_components(self) -> list[Json]:
        return list(walked(self.components))

    @property
    def buttons(self) -> dict[str, str]:
        """Label to custom id."""
        found = (c for c in self.all_components if c.get("type") == 2)
        return {c.get("label", ""): c["custom_id"] for c in found if "custom_id" in c}

    @property
    def text(self) -> str:
        """All that can be read in it, text displays included."""
        shown = [c["content"] for c in self.all_components if c.get("type") == 10]
        return "\n".join(part for part in (self.content, *shown) if part)

    @property
    def line(self) -> str:
        """Such as ``Ann: see this [a.py] {Stop}``."""
        files = [f"[{attachment.name}]" for attachment in self.attachments]
        buttons = [f"{{{label}}}" for label in self.buttons]
        return " ".join([f"{self.author.name}: {self.text}", *files, *buttons])

    @property
    def json(self) -> Json:
        """With the message that it replies to."""
        if self.reference is None:
            return self.plain
        shown = None if self.reference.deleted else self.reference.plain
        return self.plain | {"referenced_message": shown}

    @property
    def plain(self) -> Json:
        return {
            "id": str(self.id),
            "type": self.kind,
            "channel_id": str(self.channel.id),
            "author": self.author.json,
            "content": self.content,
            "timestamp": timestamp(self.id),
            "edited_timestamp": None if self.edited is None else iso(self.edited),
            "tts": self.tts,
            "flags": self.flags,
            "pinned": False,
            "embeds": self.embeds,
            "components": self.components,
            "attachments": [attachment.json for attachment in self.attachments],
            "mention_everyone": self.pings.everyone,
            "mentions": [user.json for user in self.pings.users],
            "mention_roles": [str(role.id) for role in self.pings.roles],
            **self._optional,
        }

    @property
    def _optional(self) -> Json:
        optional: Json = {
            "nonce": self.nonce,
            "interaction_metadata": self.interaction,
            "thread": self.thread.json if self.thread else None,
            "application_id": str(self.author.id) if self.author.bot else None,
            "message_reference": self.reference.pointer if self.reference else None,
        }
        return {key: value for key, value in optional.items() if value is not None}

    @property
    def pointer(self) -> Json:
        guild = self.channel.guild
        where: Json = {"guild_id": str(guild.id)} if guild else {}
        return {
            "type": 0,
            "message_id": str(self.id),
            "channel_id": str(self.channel.id),
            **where,
        }


def walked(components: list[Json]) -> Iterator[Json]:
    """These and all within them."""
    for component in components:
        yield component
        yield from walked(component.get("components", []))
        inner = [component[key] for key in ("accessory", "component") if component.get(key)]
        yield from walked(inner)
