"""The rules of message entities: checked where a bot sends them, found where a person types.

https://core.telegram.org/bots/api#messageentity and #formatting-options. Stricter than TDLib in
one thing: entities that cross are an error here, where TDLib cuts them without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.testing.telegram import utf16
from bot.testing.telegram.failures import cant_parse

Entity = dict[str, Any]

MOST = 100
"""Further entities of a message are dropped."""
TYPES = frozenset(
    [
        "mention",
        "hashtag",
        "cashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
        "date_time",
    ]
)
NEEDS: Mapping[str, str] = {"text_link": "url", "text_mention": "user"}
STYLES = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler"})
QUOTES = frozenset({"blockquote", "expandable_blockquote"})

_FOUND = re.compile(
    r"(?P<bot_command>(?<![\w/])/[A-Za-z0-9_]{1,64}(@\w{3,32})?)"
    r"|(?P<mention>(?<!\w)@\w{3,32})"
    r"|(?P<url>https?://[^\s<>]+)"
)


def checked(text: str, entities: object) -> list[Entity]:
    """What a bot gave as `entities`, in order. Raises 400 "can't parse entities"."""
    if not isinstance(entities, list):
        raise cant_parse("expected an Array of MessageEntity")
    for entity in entities:
        _check(text, entity)
    ordered = sorted(entities, key=_place)
    _check_nesting(ordered)
    return ordered[:MOST]


def _check(text: str, entity: Any) -> None:
    if not isinstance(entity, dict) or entity.get("type") not in TYPES:
        raise cant_parse(f"unsupported entity type {entity!r:.60}")
    offset, length = entity.get("offset"), entity.get("length")
    if not isinstance(offset, int) or not isinstance(length, int) or offset < 0 or length <= 0:
        raise cant_parse(f"entity has wrong offset or length: {offset}, {length}")
    if offset + length > utf16.length(text):
        raise cant_parse(f"entity ends at {offset + length}, beyond the text")
    if utf16.inside_pair(text, offset) or utf16.inside_pair(text, offset + length):
        raise cant_parse(f"entity beginning at UTF-16 offset {offset} cuts a surrogate pair")
    needed = NEEDS.get(entity["type"])
    if needed and not entity.get(needed):
        raise cant_parse(f"entity of type {entity['type']} needs {needed}")


def _check_nesting(ordered: Sequence[Entity]) -> None:
    open_: list[Entity] = []
    for entity in ordered:
        while open_ and end(open_[-1]) <= entity["offset"]:
            open_.pop()
        if open_ and end(open_[-1]) < end(entity):
            raise cant_parse(f"entities cross at UTF-16 offset {entity['offset']}")
        for outer in open_:
            if not _may_contain(outer["type"], entity["type"]):
                raise cant_parse(f"{entity['type']} can't be part of {outer['type']}")
        open_.append(entity)


def _place(entity: Entity) -> tuple[int, int, int]:
    """Outer before inner; over the same text, quotes are outermost and code is innermost."""
    depth = 0 if entity["type"] in QUOTES else 2 if entity["type"] in ("code", "pre") else 1
    return entity["offset"], -entity["length"], depth


def _may_contain(outer: str, inner: str) -> bool:
    if outer in ("code", "pre") or (outer in QUOTES and inner in QUOTES):
        return False
    if inner in ("code", "pre"):
        return outer in QUOTES
    return outer in QUOTES or outer in STYLES or inner in STYLES


def end(entity: Entity) -> int:
    return int(entity["offset"] + entity["length"])


def trimmed(text: str, entities: Sequence[Entity]) -> tuple[str, list[Entity]]:
    """As Telegram stores it: no whitespace at the ends, but what an entity begins with stays."""
    text = text.rstrip()
    first = entities[0]["offset"] if entities else utf16.length(text)
    blank = utf16.length(text) - utf16.length(text.lstrip())
    cut = min(blank, first)
    length = utf16.length(text) - cut
    text = text[cut:]  # whitespace is one unit a character
    kept = []
    for entity in entities:
        offset = entity["offset"] - cut
        if (units := min(entity["length"], length - offset)) > 0:
            kept.append(entity | {"offset": offset, "length": units})
    return text, kept


def found(text: str) -> list[Entity]:
    """What an app marks while a person types: commands, mentions, links."""
    return list(_found(text))


def _found(text: str) -> Iterator[Entity]:
    for match in _FOUND.finditer(text):
        yield {
            "type": str(match.lastgroup),
            "offset": utf16.length(text[: match.start()]),
            "length": utf16.length(match[0]),
        }


def texts_of(text: str, entities: Sequence[Entity], kind: str) -> list[str]:
    return [utf16.cut(text, e["offset"], e["length"]) for e in entities if e["type"] == kind]
