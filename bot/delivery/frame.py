"""A window of the source as a document of its own: what was open is opened again before it.

Offsets into the document are mapped back to offsets into the window.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.types import Unit

CLOSING_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})[ \t]*")
ORDERED = re.compile(r"\d{1,9}(?=[.)][ \t\n])")


@dataclass(frozen=True, slots=True)
class Number:
    """For the first item that is inside of `depth` of the opened ones."""

    value: int
    depth: int

    def is_due(self, line: Line) -> bool:
        """Whether this line is outside of the item before: the next item, or the list's end."""
        return bool(line.text.strip()) and len(line.indents) <= self.depth


@dataclass(frozen=True, slots=True)
class Opened:
    """What a cut left open.

    `fence` is the opening line of a code block; `marks` are inline, outermost first; `prefix`
    stands before each line of a quote; `indents` are the columns of the list items that the cut
    went through, outermost first; `numbers` are what the next items have to show. A table that is
    too long for a piece is a code block with `table` set. `verbatim`: white space counts.
    """

    inside_line: bool = False
    fence: str = ""
    marks: tuple[str, ...] = ()
    prefix: str = ""
    indents: tuple[int, ...] = ()
    numbers: tuple[Number, ...] = ()
    table: bool = False
    verbatim: bool = False

    @property
    def head(self) -> str:
        before = self.prefix if self.inside_line else ""
        if self.fence:
            return f"{self.prefix}{self.fence}\n{before}"
        return before + "".join(self.marks)

    def size(self, unit: Unit) -> int:
        numbers = "".join(f"\n{number.value}" for number in self.numbers)
        return unit.count(self.head + numbers)


TABLE = Opened(fence="```", table=True, verbatim=True)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the document. It begins at `start` there and at `raw` in the window; `shown` and
    `source` are the offsets, there and here, of the first character that stands in both;
    `indents` are those of the items that it still belongs to."""

    text: str
    start: int
    shown: int
    raw: int
    source: int
    indents: tuple[int, ...] = ()

    @property
    def dedented(self) -> int:
        """By how many columns the source is further right."""
        return (self.source - self.raw) - (self.shown - self.start)


@dataclass(frozen=True, slots=True)
class Frame:
    opened: Opened
    text: str
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, window: str, opened: Opened) -> Frame:
        begin = 0
        if opened.fence and _closes(window, opened.fence):
            begin = len(window.partition("\n")[0]) + 1
            opened = Opened(indents=opened.indents, numbers=opened.numbers)
        body = list(_dedented(window, begin, opened))
        if not opened.verbatim:
            body = _without_leading_space(body)
        for number in opened.numbers:
            body = _renumbered(body, number)
        return cls._joined(opened, body)

    @classmethod
    def _joined(cls, opened: Opened, body: list[Line]) -> Frame:
        """With the head put before, and all placed in the document."""
        *above, before = opened.head.split("\n")
        lines: list[Line] = []
        at = 0
        for text in above:
            lines.append(Line(text, at, at, 0, 0, opened.indents))
            at += len(text) + 1
        for line in body or [Line("", 0, 0, 0, 0)]:
            text = before + line.text
            lines.append(replace(line, text=text, start=at, shown=at + len(before) + line.shown))
            at += len(text) + 1
            before = ""
        return cls(opened, "\n".join(line.text for line in lines), tuple(lines))

    def line_at(self, position: int) -> int:
        return bisect_right(self.lines, position, key=lambda line: line.start) - 1

    def source(self, position: int) -> int:
        """The offset in the window; at the start of a line, before what was left out of it."""
        line = self.lines[self.line_at(position)]
        if position == line.start:
            return line.raw
        return line.source + max(0, position - line.shown)


def _closes(window: str, fence: str) -> bool:
    """Whether the window's first line closes the block that `fence` opened."""
    closing = CLOSING_FENCE.fullmatch(window.partition("\n")[0])
    marker = fence[: len(fence) - len(fence.lstrip(fence[0]))]
    return closing is not None and closing[1].startswith(marker)


def _dedented(window: str, begin: int, opened: Opened) -> Iterator[Line]:
    """Each line without the indentation of the items that it is in; what is indented less ends
    them. `shown` counts from the line's start until the line is placed."""
    indents = list(opened.indents)
    raw = begin
    for number, text in enumerate(window[begin:].split("\n")):
        spaces = len(text) - len(text.lstrip(" "))
        if number == 0 and opened.inside_line:
            spaces = 0
        elif text.strip():
            while indents and spaces < indents[-1]:
                indents.pop()
        removed = min(spaces, indents[-1] if indents else 0)
        yield Line(text[removed:], 0, 0, raw, raw + removed, tuple(indents))
        raw += len(text) + 1


def _without_leading_space(lines: list[Line]) -> list[Line]:
    """A document that begins with space would begin with a code block."""
    first = next((n for n, line in enumerate(lines) if line.text.strip()), len(lines))
    if first == len(lines):
        return []
    line = lines[first]
    text = line.text.lstrip(" ")
    moved = replace(line, text=text, source=line.source + len(line.text) - len(text))
    return [moved, *lines[first + 1 :]]


def _renumbered(lines: list[Line], number: Number) -> list[Line]:
    """With the next item showing this number, if the list goes on at all; set apart, because only
    a 1 may follow a paragraph."""
    index = next((n for n, line in enumerate(lines) if number.is_due(line)), None)
    digits = ORDERED.match(lines[index].text) if index is not None else None
    if index is None or digits is None or len(lines[index].indents) < number.depth:
        return lines
    line, shown = lines[index], str(number.value)
    shifted = replace(
        line,
        text=shown + line.text[digits.end() :],
        shown=len(shown),
        source=line.source + digits.end(),
    )
    gap = [] if index == 0 else [Line("", 0, 0, line.raw, line.raw, line.indents)]
    rest = lines[index + 1 :]
    if (longer := len(shown) - digits.end()) > 0:
        rest = _further_right(rest, _content_column(line.text, digits.end()), longer)
    return [*lines[:index], *gap, shifted, *rest]


def _content_column(text: str, digits: int) -> int:
    """Where an item's content begins, which its further lines have to be indented by."""
    spaces = len(text) - digits - 1 - len(text[digits + 1 :].lstrip(" "))
    return digits + 1 + (spaces if 1 <= spaces <= 4 else 1)


def _further_right(lines: list[Line], column: int, by: int) -> list[Line]:
    """With the rest of an item, whose number got longer, still inside of it."""
    moved: list[Line] = []
    for number, line in enumerate(lines):
        if not line.text.strip():
            moved.append(line)
        elif line.text.startswith(" " * column):
            moved.append(replace(line, text=" " * by + line.text, shown=line.shown + by))
        else:
            return [*moved, *lines[number:]]
    return moved
