"""The values that travel between the rooms: frozen, without behaviour beyond themselves.

Knows nothing but the standard library; every other room may import it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, IntEnum, StrEnum
from typing import Literal, Protocol, runtime_checkable

Speaker = Literal["system", "user", "assistant"]
ThinkingMode = Literal["off", "line", "open"]
RespondMode = Literal["mention", "always", "command"]
ContextMode = Literal["asked", "window"]
"""What a conversation holds: what was said to the bot, or all that was said around it, too."""


def utcnow() -> datetime:
    return datetime.now(UTC)


Progress = Callable[[str, float], None]
"""Called, from any thread, with what is being done and the share of it that is done, 0 to 1."""


# --- who and where ---------------------------------------------------------------------------


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


# --- what is said ----------------------------------------------------------------------------


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


# --- what an engine takes and gives ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How to choose tokens; the names and ranges are vLLM's and transformers'.

    temperature 0 is greedy; top_k 0, top_p 1 and min_p 0 are off; penalties of 1 (repetition)
    and 0 (presence, frequency) are off. `thinking_budget` is in tokens, `time_limit` in seconds.
    """

    temperature: float = 0.7
    top_p: float = 0.9
    top_k: int = 0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    seed: int | None = None
    max_new_tokens: int = 1024
    min_new_tokens: int = 0
    stop: tuple[str, ...] = ()
    thinking: bool = True
    thinking_budget: int | None = None
    time_limit: float | None = None
    logprobs: int | None = None


FinishReason = Literal["stop", "length", "time"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and seconds of one request. `reused_tokens` of the prompt came from the cache."""

    prompt_tokens: int = 0
    reused_tokens: int = 0
    reasoning_tokens: int = 0
    text_tokens: int = 0
    queue_seconds: float = 0.0
    first_token_seconds: float = 0.0
    total_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Logprob:
    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """The request is in line: `position` 1 is next; `seconds` is the expected wait, if known."""

    position: int
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of engine output. Only the last one of a stream has `finish` and `usage`."""

    kind: Literal["reasoning", "text"]
    text: str
    tokens: int = 0
    finish: FinishReason | None = None
    usage: Usage | None = None
    logprobs: tuple[Logprob, ...] = ()


class Control:
    """The caller's hand on a running stream; engines look at it between two tokens."""

    __slots__ = ("answer_now",)

    def __init__(self) -> None:
        self.answer_now = False


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """`context_window` is in tokens; `sampling` are the defaults that the model itself ships."""

    name: str
    context_window: int
    reasons: bool = False
    tools: bool = False
    sampling: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """`kv_used` is a share from 0 to 1; `memory` is in bytes; speeds are tokens a second; `room`
    is how many more streams would begin at once, 0 where that is not known."""

    alive: bool = True
    queued: int = 0
    running: int = 0
    room: int = 0
    tokens_per_second: float = 0.0
    kv_used: float = 0.0
    memory: int = 0


# --- what an adapter takes and gives ---------------------------------------------------------


class Unit(Enum):
    """How a network counts the length of a text."""

    CODE_POINTS = "code points"
    UTF16 = "UTF-16 units"

    def count(self, text: str) -> int:
        if self is Unit.CODE_POINTS or text.isascii():
            return len(text)
        return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: `burst` at once, one more every `seconds`."""

    burst: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """An adapter's facts. `length` holds for the CommonMark source of a post: rendering it must
    not make it longer in `unit`. `per_group` holds instead of `per_place` where it is not private,
    for all threads of a chat together. `draft` says that `send` and `edit` of an unfinished post
    without buttons are free of the rates (a terminal, a message draft), everywhere or in private
    chats; they are `draft_interval` seconds apart. `lasting` says that posts are still there after
    a restart."""

    length: int
    unit: Unit = Unit.CODE_POINTS
    edit_interval: float = 1.0
    draft_interval: float = 0.0
    per_place: Rate = Rate(burst=5, seconds=1.0)
    per_group: Rate | None = None
    overall: Rate = Rate(burst=30, seconds=1 / 30)
    edit: bool = True
    delete: bool = True
    buttons: bool = True
    files: bool = True
    file_bytes: int = 8 * 1024 * 1024
    threads: bool = False
    ephemeral: bool = False
    collapsible: bool = False
    draft: bool | Literal["private"] = False
    lasting: bool = True

    def drafts_in(self, place: Place) -> bool:
        return place.private if self.draft == "private" else self.draft


@dataclass(frozen=True, slots=True)
class Button:
    """`id` is a key into the store, at most 64 ASCII bytes, and carries no state."""

    label: str
    id: str


@dataclass(frozen=True, slots=True)
class File:
    name: str
    data: bytes
    media_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Post:
    """What an adapter sends. `text` is CommonMark; `collapsible` goes folded beneath it;
    `only_for` makes it ephemeral; `final` says that no edit of this reply follows."""

    text: str
    buttons: tuple[Button, ...] = ()
    files: tuple[File, ...] = ()
    collapsible: str = ""
    reply_to: str = ""
    only_for: UserRef | None = None
    final: bool = True


@dataclass(frozen=True, slots=True)
class PostRef:
    """A post that a network has taken."""

    place: Place
    id: str


# --- what reaches the core -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Received:
    """Somebody said something. `addressed`: a mention, a reply to the bot, or a private chat."""

    place: Place
    message: Message
    addressed: bool = True
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Edited:
    place: Place
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Deleted:
    place: Place
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pressed:
    """`id` names this press, so that a second delivery of it does nothing."""

    place: Place
    user: UserRef
    button: str
    ref: PostRef
    id: str = ""


@dataclass(frozen=True, slots=True)
class Invoked:
    """A command, already told from text by the network or by its leading slash. `values` are
    arguments that the network has told apart, by name, and `arguments` is then the subcommand, if
    any; else `arguments` has them all. An answer replies to `id`; `about` is whose message the
    command itself replied to, or whom it mentioned by name."""

    place: Place
    user: UserRef
    command: str
    arguments: str = ""
    id: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    about: UserRef | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A chat got a new id; its conversations go with it."""

    adapter: str
    old_chat: str
    new_chat: str


Event = Received | Edited | Deleted | Pressed | Invoked | Moved


# --- commands as the networks show them ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameter:
    """`choices` are all that it can be; `suggestions` names a source of likely values, for
    `bot.adapter.Suggest`. A `long` text may be written in a form, where the network has forms, or
    come as a file with the command. `translations` are the help in other languages, by ISO 639-1
    code."""

    name: str
    help: str
    type: Literal["text", "integer", "number", "flag"] = "text"
    required: bool = True
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    long: bool = False
    suggestions: str = ""
    translations: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """`role` is the least that may use it; a `private` answer is for the caller alone; where it
    `asks`, a new reply of the model follows, and not one that is written over; `translations` are
    the help in other languages, by ISO 639-1 code, and `names` the name.

    A command with `subcommands` does nothing of its own. Where none of them is named the `default`
    one is meant, if there is one.
    """

    name: str
    help: str
    parameters: tuple[Parameter, ...] = ()
    role: Role = Role.USER
    private: bool = False
    asks: bool = False
    translations: Mapping[str, str] = field(default_factory=dict, compare=False)
    names: Mapping[str, str] = field(default_factory=dict, compare=False)
    subcommands: tuple[CommandSpec, ...] = ()
    default: str = ""


# --- what is found out about a part before it serves ------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of `chinwag doctor`: of `what`, this was `found`; `advice` is what to do, needed
    unless it is `ok`. `details` are more lines, such as a table."""

    what: str
    found: str
    advice: str = ""
    ok: bool = True
    details: str = ""


@runtime_checkable
class Probing(Protocol):
    """An adapter or engine that can be examined instead of run."""

    async def probe(self) -> Sequence[Finding]:
        """Called instead of running or entering it, once. What the world answers is a finding and
        no exception; nothing is changed by it, and nobody else is disturbed."""
