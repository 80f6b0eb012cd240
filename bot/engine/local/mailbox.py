"""What crosses between the event loop and the worker thread: plain values, both ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from queue import SimpleQueue

from bot.errors import EngineError
from bot.types import (
    Chunk,
    Control,
    EngineStatus,
    Message,
    ModelInfo,
    SamplingParams,
    Waiting,
)

# --- to the worker ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """What is logged about it is logged in the `context` of whoever asked."""

    id: int
    context: Context = field(default_factory=copy_context, kw_only=True, repr=False)


@dataclass(frozen=True, slots=True)
class Submit(Request):
    """`time` is when, by the monotonic clock."""

    messages: Sequence[Message]
    params: SamplingParams
    control: Control
    time: float


@dataclass(frozen=True, slots=True)
class Cancel:
    id: int


@dataclass(frozen=True, slots=True)
class Count(Request):
    messages: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Beat(Request):
    """To be answered with Beaten before the next step."""


@dataclass(frozen=True, slots=True)
class Stop:
    pass


Command = Submit | Cancel | Count | Beat | Stop
Inbox = SimpleQueue[Command]

# --- from the worker -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counted:
    tokens: int


@dataclass(frozen=True, slots=True)
class Beaten:
    pass


Event = Waiting | Chunk | Counted | Beaten | EngineError


@dataclass(frozen=True, slots=True)
class Ready:
    info: ModelInfo


@dataclass(frozen=True, slots=True)
class Report:
    """What one step gave, for whom; `place_seconds` is how long until a request leaves."""

    events: Sequence[tuple[int, Event]]
    status: EngineStatus
    place_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The thread's last words: it was asked to stop, or died of `problem`."""

    problem: BaseException | None = None


Mail = Ready | Report | Ended
Outbox = Callable[[Mail], None]
