"""What an adapter takes and gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from bot.types.places import Place, UserRef


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
    `only_for` makes it ephemeral; `final` says that no edit of this reply follows. `key` names the
    post for good: where nobody knows what became of it it is sent again under the same, and stands
    there once if the network can tell."""

    text: str
    buttons: tuple[Button, ...] = ()
    files: tuple[File, ...] = ()
    collapsible: str = ""
    reply_to: str = ""
    only_for: UserRef | None = None
    final: bool = True
    key: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class PostRef:
    """A post that a network has taken."""

    place: Place
    id: str
