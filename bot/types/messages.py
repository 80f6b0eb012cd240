"""What is said, and its being answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from bot.types.places import ConversationKey, Place, UserRef

Speaker = Literal["system", "user", "assistant"]


def utcnow() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Attachment:
    """What came with a message. `size` is in bytes; `text` is what is in it, None where the
    adapter can't tell (a picture, a voice note, a file too large)."""

    name: str
    media_type: str
    size: int
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One utterance. `id` is the network's own, empty for what no network carried."""

    role: Speaker
    text: str
    author: UserRef | None = None
    id: str = ""
    time: datetime = field(default_factory=utcnow, compare=False)
    attachments: tuple[Attachment, ...] = ()


class TurnState(StrEnum):
    QUEUED = "queued"
    THINKING = "thinking"
    ANSWERING = "answering"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def ended(self) -> bool:
        return self not in (TurnState.QUEUED, TurnState.THINKING, TurnState.ANSWERING)


@dataclass(frozen=True, slots=True)
class Turn:
    """One incoming message being answered. `id` is the store's."""

    id: int
    key: ConversationKey
    place: Place
    message: Message
    state: TurnState = TurnState.QUEUED
