"""Chats, who is in them, and the messages that they show."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.testing.telegram.formatting import Formatted

Json = dict[str, Any]
Kind = Literal["private", "group", "supergroup"]
Status = Literal["creator", "administrator", "member", "restricted", "left", "kicked"]


@dataclass(slots=True)
class Message:
    """`media` is the part of the Bot API's Message that isn't text, `versions` the texts that it
    had before its last edit, `deleted` whether it is still shown."""

    id: int
    chat: Chat
    sender: Json
    date: int
    body: Formatted = field(default_factory=Formatted)
    media: Json = field(default_factory=dict)
    markup: Json = field(default_factory=dict)
    reply_to: Message | None = None
    thread: int | None = None
    sender_chat: Json | None = None
    signature: str = ""
    edited: int = 0
    versions: list[Formatted] = field(default_factory=list)
    deleted: bool = False

    @property
    def text(self) -> str:
        return self.body.text

    @property
    def buttons(self) -> dict[str, str]:
        """Label to callback data."""
        rows = self.markup.get("inline_keyboard", [])
        return {b["text"]: b.get("callback_data", "") for row in rows for b in row}

    def json(self, *, with_reply: bool = True) -> Json:
        text, entities = ("caption", "caption_entities") if self.media else ("text", "entities")
        optional: Json = {
            text: self.body.text,
            entities: list(self.body.entities),
            "reply_markup": self.markup,
            "edit_date": self.edited,
            "message_thread_id": self.thread,
            "is_topic_message": self.thread is not None,
            "sender_chat": self.sender_chat,
            "author_signature": self.signature,
            "reply_to_message": self._reply(with_reply),
        }
        return {
            "message_id": self.id,
            "from": self.sender,
            "chat": self.chat.json(),
            "date": self.date,
            **self.media,
            **{key: value for key, value in optional.items() if value},
        }

    def _reply(self, wanted: bool) -> Json | None:
        if not wanted:
            return None
        if self.reply_to is not None:
            return self.reply_to.json(with_reply=False)
        topic = self.chat.topics.get(self.thread or 0)  # what a topic's messages all reply to
        return topic.json(with_reply=False) if topic else None


@dataclass(slots=True)
class Draft:
    """`until` is on the server's clock."""

    id: int
    body: Formatted
    until: float


@dataclass(slots=True)
class Chat:
    """`statuses` holds who is here and as what; `muted` that the bot may not write;
    `blocked` that the user of a private chat has blocked the bot."""

    id: int
    kind: Kind
    title: str = ""
    username: str = ""
    is_forum: bool = False
    statuses: dict[int, Status] = field(default_factory=dict)
    anonymous: set[int] = field(default_factory=set)
    messages: dict[int, Message] = field(default_factory=dict)
    topics: dict[int, Message] = field(default_factory=dict)
    closed_topics: set[int] = field(default_factory=set)
    draft: Draft | None = None
    drafts: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    menu_button: Json = field(default_factory=lambda: {"type": "default"})
    muted: bool = False
    blocked: bool = False
    started: bool = False
    moved_to: Chat | None = None
    own_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def private(self) -> bool:
        return self.kind == "private"

    @property
    def shown(self) -> list[Message]:
        """What people see, oldest first."""
        return [m for m in self.messages.values() if not m.deleted]

    def by(self, user_id: int) -> list[Message]:
        return [m for m in self.shown if m.sender["id"] == user_id]

    def json(self) -> Json:
        name = {"first_name": self.title} if self.private else {"title": self.title}
        optional: Json = {"username": self.username, "is_forum": self.is_forum}
        return {
            "id": self.id,
            "type": self.kind,
            **name,
            **{key: value for key, value in optional.items() if value},
        }

    def transcript(self) -> str:
        """The chat as a person reads it."""
        lines = [
            f"{m.sender['first_name']}: {m.text or next(iter(m.media), '')}" for m in self.shown
        ]
        return "\n".join(lines)
