"""Who says what, in a chat where several people speak.

A model sees one "user"; where there are several, each text begins with its author's name. The
name is the author's own choice, so nothing in it may look like the end of a line or of a name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from bot.types import Message, UserRef

LONGEST_NAME = 40
"""Characters."""


def attributed(messages: Sequence[Message]) -> Iterator[tuple[Message, str]]:
    """Each message with its text for the prompt."""
    names = _names([message.author for message in messages if message.role == "user"])
    for message in messages:
        name = names.get(message.author) if message.role == "user" else None
        yield message, f"{name}: {message.text}" if name else message.text


def _names(authors: Sequence[UserRef | None]) -> dict[UserRef | None, str]:
    """Empty where only one speaks; two people of one name get numbers, in order of appearance."""
    people = dict.fromkeys(author for author in authors if author is not None)
    names: dict[UserRef | None, str] = {}
    for author in people if len(people) > 1 else ():
        name = clean_name(author.name) or "Somebody"
        taken = sum(other == name or other.startswith(f"{name} (") for other in names.values())
        names[author] = f"{name} ({taken + 1})" if taken else name
    return names


def clean_name(name: str) -> str:
    """On one line, without colons, controls, direction marks or lone surrogates."""
    kept = "".join(" " if char == ":" or _invisible(char) else char for char in name)
    return " ".join(kept.split())[:LONGEST_NAME].rstrip()


def _invisible(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
