"""Where the inline marks of a paragraph are: markdown-it's own rules, with their positions noted.

Offsets are code points of the scanned text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

UNFINISHED = re.compile(r"!?\[[^\[\]]*(?:\](?:\([^()\s]*)?)?$|<[^<>\s]*$|&[#\w]{0,32}$")
"""A link, an autolink or an entity that may be complete in a longer text."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Emphasis, strike-through or code. One that is not closed yet ends with the text."""

    start: int
    end: int
    markup: str
    closed: bool = True

    def holds(self, position: int) -> bool:
        """Whether something of its content is on both sides of `position`."""
        inner_end = self.end - len(self.markup) if self.closed else self.end
        return self.start + len(self.markup) < position < inner_end

    def edges(self) -> list[tuple[int, int]]:
        """Where a cut would tear the markup itself from what it marks."""
        width = len(self.markup) + 1
        opening = (self.start, self.start + width)
        return [opening, (self.end - width, self.end)] if self.closed else [opening]


@dataclass(frozen=True, slots=True)
class Inline:
    """`atoms` are spans that are never cut: links, escapes, entities, runs of delimiters."""

    atoms: tuple[tuple[int, int], ...] = ()
    marks: tuple[Mark, ...] = ()

    def open_at(self, position: int) -> tuple[str, ...]:
        """The markup of all marks to be closed and opened again by a cut, outermost first."""
        return tuple(mark.markup for mark in self.marks if mark.holds(position))

    def outside_marks(self) -> Gaps:
        return Gaps([*self.atoms, *((mark.start, mark.end) for mark in self.marks)])

    def outside_atoms(self) -> Gaps:
        return Gaps([*self.atoms, *(edge for mark in self.marks for edge in mark.edges())])


class Gaps:
    """What lies outside of spans; their two ends count as outside."""

    def __init__(self, spans: Iterable[tuple[int, int]]):
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start < self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def __contains__(self, position: int) -> bool:
        before = bisect_left(self._starts, position) - 1
        return before < 0 or position >= self._ends[before]


@dataclass(frozen=True, slots=True)
class _Found:
    rule: str
    start: int
    end: int
    delimiters: list[Delimiter]


def scan(text: str) -> Inline:
    found: list[_Found] = []
    state = StateInline(text, _parser, {"found": found}, [])
    _parser.inline.tokenize(state)
    _balance(state)
    atoms = [span for item in found for span in _atoms(item, text)]
    if unfinished := UNFINISHED.search(text):
        atoms.append((unfinished.start(), len(text) + 1))
    marks = [*_code(found, text), *_emphasis(found, text)]
    return Inline(tuple(atoms), tuple(sorted(marks, key=lambda mark: (mark.start, -mark.end))))


def _atoms(item: _Found, text: str) -> list[tuple[int, int]]:
    if item.rule == "backticks":
        return []
    image = item.rule == "link" and text[item.start - 1 : item.start] == "!"
    return [(item.start - image, item.end)]


def _code(found: list[_Found], text: str) -> list[Mark]:
    marks = []
    for item in found:
        if item.rule != "backticks":
            continue
        run = _run(text, item.start)
        closed = item.end - item.start > len(run)
        marks.append(Mark(item.start, item.end if closed else len(text), run, closed))
    return marks


def _run(text: str, start: int) -> str:
    end = start
    while end < len(text) and text[end] == "`":
        end += 1
    return text[start:end]


def _emphasis(found: list[_Found], text: str) -> list[Mark]:
    """Each delimiter by itself: `**` is two marks, one in the other."""
    delimiters: list[Delimiter] = []
    places: list[int] = []
    for item in found:
        width = 2 if item.rule == "strikethrough" else 1
        first = item.end - width * len(item.delimiters)
        delimiters.extend(item.delimiters)
        places.extend(first + width * n for n in range(len(item.delimiters)))
    marks = []
    for start, delimiter in zip(places, delimiters, strict=True):
        width = 2 if delimiter.marker == ord("~") else 1
        markup = chr(delimiter.marker) * width
        if delimiter.end >= 0:
            marks.append(Mark(start, places[delimiter.end] + width, markup))
        elif delimiter.open:
            marks.append(Mark(start, len(text), markup, closed=False))
    return marks


Rule = Callable[[StateInline, bool], bool]


NOTED = {
    "escape": "\\",
    "backticks": "`",
    "strikethrough": "~",
    "emphasis": "*_",
    "link": "[",
    "autolink": "<",
    "entity": "&",
}
"""The rules whose matches are kept, and what such a match begins with."""


def _noting(name: str, first: str, rule: Rule) -> Rule:
    def noted(state: StateInline, silent: bool) -> bool:
        start, known = state.pos, len(state.delimiters)
        if state.src[start] not in first:
            return False
        matched = rule(state, silent)
        if matched and not silent and state.linkLevel == 0:
            state.env["found"].append(_Found(name, start, state.pos, state.delimiters[known:]))
        return matched

    return noted


def _noting_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("strikethrough").disable("image")
    rules = parser.inline.ruler
    named = dict(zip(rules.get_active_rules(), rules.getRules(""), strict=True))
    for name, first in NOTED.items():
        rules.at(name, _noting(name, first, named[name]))
    return parser


def _balance(state: StateInline) -> None:
    """Pair the delimiters: the first of markdown-it's post-processing rules."""
    _parser.inline.ruler2.getRules("")[0](state)


_parser = _noting_parser()
