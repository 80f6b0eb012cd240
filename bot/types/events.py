"""What reaches the core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.types.messages import Attachment, Message
from bot.types.places import Place, UserRef
from bot.types.posts import PostRef


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
