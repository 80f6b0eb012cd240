"""Cuts CommonMark into pieces that a network takes, each a sound document of its own.

A piece is decided by what the one before left open and by a window of source just longer than a
piece can be; nothing further on is looked at. So the cost is linear, and a text that grows at its
end only ever changes its last piece.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, replace

from bot.delivery.cutting import Cut, best_cut, last_cut
from bot.delivery.frame import TABLE, Frame, Opened
from bot.delivery.page import Page
from bot.types import Unit

FENCES = ("```", "~~~")
HALF_A_MARKER = re.compile(r"(?<=\n)[ \t>]*(?:\d{1,9}[.)]?|[-+*])[ \t]*\Z")
"""The last line may be the beginning of an item, which would not look like one yet."""
LEAST_RESERVE = 12
"""Units for what a cut has to close: a fence inside of an item of an item."""
SHORTEST = 32
"""Units; below that, what has to be opened and closed again would leave no room for text."""


@dataclass(frozen=True, slots=True)
class Piece:
    """`text` is a document of its own, without the white space around it, and empty where there
    was nothing else; `source` is the part of the whole that it shows. `text` differs from it by
    what the cuts required: marks, quotes and fences opened and closed again, the indentation of
    an item left behind, an item's number, a fence around a table."""

    text: str
    source: str


def split(text: str, length: int, unit: Unit = Unit.CODE_POINTS) -> list[Piece]:
    """Pieces of at most `length` units each; `join` is the inverse. None of an empty text."""
    return Splitter(length, unit).grow(text)


def join(pieces: list[Piece]) -> str:
    """The text that was split: what the cuts added and left out is undone."""
    return "".join(piece.source for piece in pieces)


class Splitter:
    """Splits a text that grows at its end, and looks again at the last piece only."""

    def __init__(self, length: int, unit: Unit):
        if length < SHORTEST:
            raise ValueError(f"pieces of {length} units are too short; at least {SHORTEST}")
        self._length, self._unit = length, unit
        self._reserve = max(length // 8, LEAST_RESERVE)
        self._begin()

    def _begin(self) -> None:
        self._finished: list[Piece] = []
        self._opened = Opened()
        self._at = 0
        self._settled = ""

    def grow(self, source: str) -> list[Piece]:
        """The pieces of `source`. One that does not begin with what was cut off before is another
        text, and cut anew."""
        if not source.startswith(self._settled):
            self._begin()
        last = self._go_on(source)
        self._settled = source[: self._at]
        return [*self._finished, *last]

    def _go_on(self, source: str) -> list[Piece]:
        """Returns the last piece, if any, which may still change."""
        while self._at < len(source):
            piece, opened = self._piece(source)
            if opened is None:
                return [piece]
            self._finished.append(piece)
            self._opened = opened
            self._at += len(piece.source)
        return []

    def _piece(self, source: str) -> tuple[Piece, Opened | None]:
        """The next piece and what it leaves open; None if it is the last."""
        room = self._length - self._reserve - self._opened.size(self._unit)
        window = self._framed(fitting(source[self._at : self._at + room], room, self._unit))
        is_last = self._at + len(window) == len(source)
        if not is_last:
            window = HALF_A_MARKER.sub("", window)
        if self._opened.table and (rows := _end_of_table(window, self._opened)) is not None:
            return self._rest_of_table(source, window[:rows])
        page = self._page(window)
        if is_last:
            return self._made(page, last_cut(page), window), None
        if page.begins_with_long_table():
            return self._long_table(source, window)
        cut = self._affordable(best_cut(page))
        return self._made(page, cut, window[: page.frame.source(cut.position)]), cut.opened

    def _framed(self, window: str) -> str:
        """As much of its beginning as fits with all that goes before its lines."""
        room = self._length - self._reserve

        def too_long(end: int) -> bool:
            return self._unit.count(Frame.of(window[:end], self._opened).text) > room

        if not too_long(len(window)):
            return window
        return window[: bisect_left(range(1, len(window)), True, key=too_long)]

    def _page(self, window: str) -> Page:
        page = Page(Frame.of(window, self._opened))
        if not page.frame.opened.marks:
            return page
        held = page.marks_that_hold()
        return Page(Frame.of(window, replace(self._opened, marks=held)))

    def _long_table(self, source: str, window: str) -> tuple[Piece, Opened | None]:
        """As code, which begins with its first row."""
        if space := len(window) - len(window.lstrip()):
            return Piece("", window[:space]), Opened()
        self._opened = TABLE
        return self._piece(source)

    def _rest_of_table(self, source: str, rows: str) -> tuple[Piece, Opened | None]:
        if not rows:
            self._opened = Opened()
            return self._piece(source)
        page = self._page(rows)
        return self._made(page, last_cut(page), rows), Opened()

    def _affordable(self, cut: Cut) -> Cut:
        """Without what would be opened again, where a hostile text made that too long."""
        closing, opening = self._unit.count(cut.closing), cut.opened.size(self._unit)
        if closing <= self._reserve and opening <= self._length // 4:
            return cut
        return replace(cut, closing="", opened=Opened())

    def _made(self, page: Page, cut: Cut, source: str) -> Piece:
        if not source.strip():
            return Piece("", source)
        text = page.frame.text[: cut.position]
        if cut.closing.lstrip(" >\n")[:3] in FENCES:
            return Piece(text.removesuffix("\n") + "\n" + cut.closing.lstrip("\n"), source)
        closing = cut.closing if self._unit.count(cut.closing) <= self._reserve else ""
        return Piece(text.rstrip() + closing, source)


def fitting(text: str, room: int, unit: Unit) -> str:
    """As much of the beginning as has at most `room` units."""
    if unit.count(text) <= room:
        return text
    if unit is Unit.CODE_POINTS:
        return text[:room]
    cut = text.encode("utf-16-le", "surrogatepass")[: 2 * room]
    if 0xD8 <= cut[-1] <= 0xDB:  # the first half of a pair
        cut = cut[:-2]
    return cut.decode("utf-16-le", "surrogatepass")


def _end_of_table(window: str, opened: Opened) -> int | None:
    """Where the first line begins that is no row, if it is there as a whole."""
    at = 0
    *lines, _ = window.split("\n")
    for number, line in enumerate(lines):
        if "|" not in line and not (number == 0 and opened.inside_line):
            return at
        at += len(line) + 1
    return None
