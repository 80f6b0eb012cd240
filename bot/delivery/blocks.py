"""The block structure of a document, line by line, as markdown-it sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

Kind = Literal["paragraph", "heading", "fence", "code_block", "table", "hr", "item", "quote"]

KINDS: dict[str, Kind] = {
    "paragraph_open": "paragraph",
    "heading_open": "heading",
    "fence": "fence",
    "code_block": "code_block",
    "table_open": "table",
    "hr": "hr",
    "list_item_open": "item",
    "blockquote_open": "quote",
}
MARKER = re.compile(r"[ \t]*(?:[-+*]|\d{1,9}[.)])")
_parser = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines `start` to before `end`. `column` is where an item's content begins; `number` what an
    ordered item shows, which need not be what is written."""

    kind: Kind
    start: int
    end: int
    around: tuple[Block, ...] = ()
    markup: str = ""
    info: str = ""
    column: int = 0
    number: int | None = None

    @property
    def is_leaf(self) -> bool:
        return self.kind not in ("item", "quote")

    @property
    def quoted(self) -> bool:
        return any(block.kind == "quote" for block in self.around)

    def spans(self, line: int, inside_line: bool) -> bool:
        """Whether a cut at the start of (or inside) this line goes through the block."""
        return (self.start if inside_line else self.start + 1) <= line < self.end


def outline(text: str, lines: list[str]) -> list[Block]:
    """All blocks in order, containers before what they hold. `lines` are those of `text`."""
    tokens: list[Token] = []
    _parser.block.parse(text, _parser, {}, tokens)
    return list(_blocks(tokens, lines))


def _blocks(tokens: list[Token], lines: list[str]) -> Iterator[Block]:
    around: list[Block] = []
    numbers: list[int] = []
    for token in tokens:
        if token.type == "ordered_list_open":
            numbers.append(int(token.attrGet("start") or 1) if token.attrs else 1)
        elif token.type == "ordered_list_close":
            numbers.pop()
        elif token.type in ("list_item_close", "blockquote_close"):
            around.pop()
        elif token.type in KINDS and token.map:
            block = _block(token, around, numbers, lines)
            yield block
            if not block.is_leaf:
                around.append(block)


def _block(token: Token, around: list[Block], numbers: list[int], lines: list[str]) -> Block:
    start, end = token.map or (0, 0)
    kind = KINDS[token.type]
    parents = tuple(around)
    if kind != "item":
        return Block(kind, start, end, parents, token.markup, token.info.strip())
    column = _content_column(lines[start], parents, start)
    if not token.info:  # a bullet
        return Block(kind, start, end, parents, token.markup, column=column)
    number = numbers[-1]
    numbers[-1] += 1
    return Block(kind, start, end, parents, token.markup, "", column, number)


def _content_column(line: str, around: tuple[Block, ...], start: int) -> int:
    """Where the content of the item begins that starts in this line."""
    parents = [block.column for block in around if block.kind == "item" and block.start == start]
    outer = parents[-1] if parents else 0
    marker = MARKER.match(line, outer)
    if marker is None:
        return outer
    spaces = len(line[marker.end() :]) - len(line[marker.end() :].lstrip(" "))
    return marker.end() + (spaces if 1 <= spaces <= 4 else 1)
