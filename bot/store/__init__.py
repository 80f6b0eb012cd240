"""The border to durable history: what a store must do, and the records that it hands out.

Every method is one transaction. All raise StoreUnavailable when nothing was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bot.types import (
    ConversationKey,
    FinishReason,
    Message,
    Place,
    PostRef,
    Role,
    Turn,
    TurnState,
    Usage,
    UserRef,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What has been said of an answer so far. `finish` is None until the engine ended it."""

    text: str = ""
    reasoning: str = ""
    finish: FinishReason | None = None
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """A turn with all that a restart needs: what was said, and where it stands in the network."""

    turn: Turn
    reply: Reply
    posts: tuple[PostRef, ...]


@dataclass(frozen=True, slots=True)
class ButtonRecord:
    """What a button's id stands for. `owner` is whose question it belongs to."""

    turn_id: int
    action: str
    owner: UserRef | None
    data: str = ""


@dataclass(frozen=True, slots=True)
class SettingChange:
    scope: str
    name: str
    old: str | None
    new: str | None
    by: UserRef | None
    time: datetime


@dataclass(frozen=True, slots=True)
class DailyUsage:
    """`day` is an ISO date in UTC."""

    day: str
    messages: int
    usage: Usage


class Store(Protocol):
    async def close(self) -> None: ...

    # Messages. `place` names the conversation (its key) and where answers go.

    async def receive(self, place: Place, message: Message) -> Turn | None:
        """Keep a message that wants an answer and open its turn, or None if the network
        delivered it before (also when its conversation was archived since)."""

    async def overhear(self, place: Place, message: Message) -> bool:
        """Keep a message that wants none; False if it was delivered before."""

    async def history(self, key: ConversationKey, limit: int) -> list[Message]:
        """The newest `limit`, oldest first: no deleted message, and of an answer's variants only
        the chosen one. Reasoning is not part of it. An answer that broke off is, as far as it
        was said; a question whose turn failed is too."""

    async def history_before(self, turn: Turn, limit: int) -> list[Message]:
        """As `history`, ending with the turn's own message: what this turn answers."""

    async def edit(self, place: Place, id: str, text: str) -> Turn | None:
        """A person changed a message. Returns its turn where it is the conversation's last
        question (which is to be answered anew), None otherwise or if the text is the same."""

    async def remove(self, place: Place, ids: Sequence[str]) -> int:
        """Mark messages deleted; returns how many were."""

    async def archive(self, key: ConversationKey) -> bool:
        """Start afresh; nothing is deleted. False if there was nothing to archive."""

    async def move(self, adapter: str, old_chat: str, new_chat: str) -> None:
        """All conversations and settings of a chat get its new id."""

    # Turns.

    async def checkpoint(self, turn: Turn, state: TurnState, reply: Reply) -> None:
        """Keep what has been said so far. Never moves an ended turn back."""

    async def finish(self, turn: Turn, state: TurnState, reply: Reply, error: str = "") -> None:
        """End the turn, its reply (if anything was said) becoming the chosen variant, and count
        its usage on today's row."""

    async def reopen(self, turn: Turn) -> Turn:
        """Answer again: a new turn for the same message; earlier replies stay as variants."""

    async def resume(self, turn: Turn) -> TurnRecord:
        """Go on with an ended turn whose reply was cut by the token limit: it is answering again,
        and `finish` will replace its reply with the longer one."""

    async def last_turn(self, key: ConversationKey) -> TurnRecord | None:
        """The newest turn of the active conversation."""

    async def unfinished(self, adapter: str) -> list[TurnRecord]:
        """Turns that no process is working on after a crash, oldest first."""

    async def turn(self, turn_id: int) -> TurnRecord | None: ...

    async def variants(self, turn: Turn) -> list[Reply]:
        """All replies to the turn's message that said something, oldest first."""

    async def choose(self, turn: Turn, index: int) -> None:
        """Make one variant the one that counts as history."""

    async def posted(self, turn: Turn, posts: Sequence[PostRef]) -> None:
        """Remember which of the network's messages carry the reply, in order."""

    async def pending(self, adapter: str) -> list[TurnRecord]:
        """Ended turns whose final text has not been delivered, oldest first."""

    async def delivered(self, turn: Turn) -> None: ...

    # Buttons.

    async def add_buttons(self, records: Sequence[ButtonRecord]) -> list[str]:
        """Returns their ids, in order: random, short, ASCII, without meaning."""

    async def button(self, id: str) -> ButtonRecord | None: ...

    async def drop_buttons(self, turn: Turn) -> None: ...

    # Settings. A scope is "", "server:…", "chat:…" or "thread:…"; values are JSON texts.

    async def settings(self, scopes: Sequence[str]) -> dict[str, Mapping[str, str]]:
        """Name to value, for each of the scopes."""

    async def change(
        self, scope: str, name: str, value: str | None, by: UserRef | None
    ) -> SettingChange:
        """Set or (None) unset; the old value stays in the history."""

    async def changes(self, scope: str, limit: int) -> list[SettingChange]:
        """Newest first."""

    # People and usage.

    async def role(self, user: UserRef) -> Role | None:
        """The role granted by an admin or owner, None where none was."""

    async def grant(self, user: UserRef, role: Role | None) -> None: ...

    async def once(self, what: str, every: timedelta) -> bool:
        """True the first time, and again when `every` has passed; lasts over restarts."""

    async def usage(self, days: int) -> list[DailyUsage]: ...
