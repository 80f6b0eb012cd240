"""The values that a store hands out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.types import FinishReason, Message, Place, PostRef, Role, Turn, Usage, UserRef


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
    notice: str = ""
    """What `finish` was told of how it ended."""


@dataclass(frozen=True, slots=True)
class Variants:
    """All ended turns of one message whose replies said something, oldest first; `chosen` is the
    index of the one that counts as history, 0 where there are none."""

    records: tuple[TurnRecord, ...] = ()
    chosen: int = 0

    @property
    def replies(self) -> tuple[Reply, ...]:
        return tuple(record.reply for record in self.records)


@dataclass(frozen=True, slots=True)
class ButtonRecord:
    """What a button's id stands for. `owner` is whose question it belongs to."""

    turn_id: int
    action: str
    owner: UserRef | None
    data: str = ""


@dataclass(frozen=True, slots=True)
class SettingChange:
    """`step` is shared by changes that were made at once; `undoes` is the step that is taken
    back."""

    scope: str
    name: str
    old: str | None
    new: str | None
    by: UserRef | None
    time: datetime
    step: int = 0
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    scope: str
    who: str
    role: Role
    by: UserRef | None
    time: datetime


@dataclass(frozen=True, slots=True)
class Demand:
    """`tokens` are those that the model read anew or wrote today (UTC); `turns` those not ended."""

    tokens: int = 0
    turns: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """A person's message with all replies to it. `id` is the store's."""

    id: int
    place: Place
    message: Message
    replies: tuple[Reply, ...] = ()


@dataclass(frozen=True, slots=True)
class DailyUsage:
    """`day` is an ISO date in UTC."""

    day: str
    messages: int
    usage: Usage
