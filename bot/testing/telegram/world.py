"""Everything that exists on this Telegram: the bot, people, chats, files, and what they do."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.testing.common.clock import Clock
from bot.testing.common.signal import Signal
from bot.testing.telegram.chats import Chat, Json, Kind, Message
from bot.testing.telegram.failures import bad_request, forbidden
from bot.testing.telegram.formatting import Formatted
from bot.testing.telegram.rates import FloodControl, Rates
from bot.testing.telegram.updates import Updates
from bot.testing.telegram.visibility import sees

CALLBACK_SECONDS = 15.0
"""How long a pressed button spins: an answer after that is refused."""


@dataclass(slots=True)
class Press:
    """A pressed button. `answered_after` is in seconds of the server's clock."""

    id: str
    at: float
    answered_after: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class StoredFile:
    id: str
    data: bytes
    size: int


@dataclass(slots=True)
class World:
    """`privacy` is the bot's privacy mode, `commands` what setMyCommands was told, by scope and
    language."""

    token: str
    username: str
    clock: Clock
    rates: Rates
    privacy: bool = True
    chats: dict[int, Chat] = field(default_factory=dict)
    presses: dict[str, Press] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    updates: Updates = field(init=False)
    floods: FloodControl = field(init=False)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    stirred: Signal = field(default_factory=Signal)
    """Set after whatever the bot did."""

    def __post_init__(self) -> None:
        self.updates = Updates(self.clock, self.stirred)
        self.floods = FloodControl(self.clock, self.rates)

    @property
    def bot_id(self) -> int:
        return int(self.token.partition(":")[0])

    @property
    def bot(self) -> Json:
        return {
            "id": self.bot_id,
            "is_bot": True,
            "first_name": self.username.removesuffix("_bot").title(),
            "username": self.username,
        }

    # --- chats ---------------------------------------------------------------------------------

    def open(self, id: int, kind: Kind, title: str, members: Iterable[int] = ()) -> Chat:
        chat = Chat(id, kind, title)
        chat.statuses = dict.fromkeys((*members, self.bot_id), "member")
        self.chats[id] = chat
        return chat

    def reachable(self, id: object) -> Chat:
        """The chat that the bot may write to. Raises what Telegram would answer."""
        chat = self.chats.get(id) if isinstance(id, int) else None
        if chat is None:
            raise bad_request("chat not found")
        if chat.moved_to is not None:
            raise bad_request(
                "group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=chat.moved_to.id,
            )
        if chat.blocked:
            raise forbidden("bot was blocked by the user")
        if chat.private and not chat.started:
            raise forbidden("bot can't initiate conversation with a user")
        status = chat.statuses.get(self.bot_id, "left")
        if status == "kicked":
            raise forbidden(f"bot was kicked from the {chat.kind} chat")
        if status == "left":
            raise forbidden(f"bot is not a member of the {chat.kind} chat")
        return chat

    def writable(self, id: object, thread: int | None = None) -> Chat:
        chat = self.reachable(id)
        if chat.muted:
            raise bad_request("not enough rights to send text messages to the chat")
        if thread is not None and thread not in chat.topics:
            raise bad_request("message thread not found")
        if thread in chat.closed_topics:
            raise bad_request("TOPIC_CLOSED")
        return chat

    # --- messages ------------------------------------------------------------------------------

    def next_id(self, chat: Chat) -> int:
        """Supergroups number their messages themselves; all other chats share one sequence."""
        return next(chat.own_ids if chat.kind == "supergroup" else self.ids)

    def post(self, chat: Chat, sender: Json, body: Formatted, **more: Any) -> Message:
        message = Message(
            self.next_id(chat), chat, sender, date=self.clock.date(), body=body, **more
        )
        chat.messages[message.id] = message
        return message

    def tell(self, message: Message, kind: str = "message") -> None:
        """Give it to the bot, if the bot may see it."""
        if sees(message, self.bot_id, self.username, privacy=self.privacy):
            self.updates.add(kind, message.json())

    def keep_file(self, data: bytes, size: int | None = None) -> StoredFile:
        """`size` lets a file claim to be larger than its data."""
        name = f"file-{len(self.files) + 1}"
        self.files[name] = StoredFile(name, data, len(data) if size is None else size)
        return self.files[name]

    def press(self) -> Press:
        press = Press(str(len(self.presses) + 1), self.clock.now())
        self.presses[press.id] = press
        return press
