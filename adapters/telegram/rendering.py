"""From CommonMark to what Telegram shows: text with entities, offsets in UTF-16 code units.

The entities nest and never cross, as Telegram asks:
https://core.telegram.org/bots/api#messageentity
The text is never longer than its source: where it would be, the source itself is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from telegram import MessageEntity

from adapters.telegram.blocks import Blocks
from adapters.telegram.writer import Writer, length

MOST_ENTITIES = 100
"""Telegram drops further ones: https://core.telegram.org/bots/api#sendmessage"""
DEAR = ("pre", "expandable_blockquote", "blockquote", "text_link", "code")
"""Kinds that are kept first where there are too many."""

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_UNSENDABLE = {0: "\ufffd"} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


@dataclass(frozen=True, slots=True)
class Rendered:
    text: str
    entities: tuple[MessageEntity, ...] = ()


def render(source: str, collapsible: str = "") -> Rendered:
    """`collapsible` is plain text, shown folded beneath."""
    source, collapsible = source.translate(_UNSENDABLE), collapsible.translate(_UNSENDABLE)
    writer = Writer()
    Blocks(writer, source).write(SyntaxTreeNode(_PARSER.parse(source)).children)
    writer.trim()
    if writer.length > length(source) or (source.strip() and not writer.length):
        writer = Writer()
        writer.add(source)
        writer.trim()
    if collapsible.strip():
        _fold(writer, collapsible.strip())
    return Rendered(writer.text, _kept(writer.entities))


def plain(source: str, collapsible: str = "") -> Rendered:
    """The source as it is."""
    text = "\n".join(part.strip() for part in (source, collapsible) if part.strip())
    return Rendered(text.translate(_UNSENDABLE))


def _fold(writer: Writer, text: str) -> None:
    if writer.length:
        writer.add("\n")
    with writer.marked("expandable_blockquote"):
        writer.add(text)


def _kept(entities: Sequence[MessageEntity]) -> tuple[MessageEntity, ...]:
    ordered = sorted(entities, key=_place)
    if len(ordered) <= MOST_ENTITIES:
        return tuple(ordered)
    by_worth = sorted(ordered, key=lambda e: e.type not in DEAR)[:MOST_ENTITIES]
    return tuple(e for e in ordered if e in by_worth)


def _place(entity: MessageEntity) -> tuple[int, int, int]:
    """Outer before inner: over the same text, quotes are outermost and code is innermost."""
    depth = 0 if "blockquote" in entity.type else 2 if entity.type in ("code", "pre") else 1
    return entity.offset, -entity.length, depth
