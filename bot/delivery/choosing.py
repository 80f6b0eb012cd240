"""Chooses where to cut a document.

In this order: before a block, before a line, after a sentence, a word, a grapheme; outside of
inline marks, then inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from bot.delivery.boundaries import (
    between_graphemes,
    graphemes,
    looks_like_a_block,
    sentences,
    words,
)
from bot.delivery.inline import Gaps
from bot.delivery.page import LEADER, Page

SMALLEST_SHARE = 4
"""A piece is at least a fourth of what it could be, or it is cut at a lesser boundary."""
ANYWHERE = Gaps([])


def anyhow(position: int) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Candidates:
    """`positions`, the last first, down to the `least`: those that are `allowed` in the last block
    and `fit`. What costs more to find out is asked last."""

    positions: Iterable[int]
    least: int
    allowed: Gaps = ANYWHERE
    fit: Callable[[int], bool] = anyhow


class Choice:
    def __init__(self, page: Page):
        self._page, self._text, self._lines = page, page.text, page.lines
        head = len(page.frame.opened.head)
        self._floor = head + (len(self._text) - head) // SMALLEST_SHARE
        self._least = head + 1

    def best(self) -> int:
        page, leaf = self._page, self._page.leaf
        if leaf and leaf.kind == "table" and leaf.start > 0 and page.goes_on(leaf):
            return page.leaf_at
        for candidates in self._candidates():
            if (position := self._last(candidates)) is not None:
                return position
        return len(self._text)

    def _last(self, among: Candidates) -> int | None:
        for position in among.positions:
            if position < among.least:
                return None
            if position - self._page.leaf_at in among.allowed and among.fit(position):
                return position
        return None

    def _candidates(self) -> Iterator[Candidates]:
        page, text = self._page, self._text
        yield Candidates(self._block_starts(), self._floor)
        if page.leaf is None or page.leaf.kind in ("paragraph", "heading"):
            outside, inside = page.inline.outside_marks(), page.inline.outside_atoms()
            yield from self._running_text(outside)
            yield from self._running_text(inside)
            yield Candidates(self._starts(), self._least)
            yield Candidates(words(text, page.leaf_at), self._least, outside, self._is_whole)
            yield Candidates(graphemes(text, page.leaf_at), self._least, inside)
        else:
            yield Candidates(self._line_starts(), self._floor)
            yield Candidates(words(text, self._content_at()), self._floor, fit=self._is_whole)
            yield Candidates(graphemes(text, self._content_at()), self._least)

    def _running_text(self, allowed: Gaps) -> Iterator[Candidates]:
        yield Candidates(self._line_starts(), self._floor, allowed)
        for boundaries in (sentences, words):
            positions = boundaries(self._text, self._page.leaf_at)
            yield Candidates(positions, self._floor, allowed, self._begins_well)

    # --- lines ---------------------------------------------------------------------------------

    def _block_starts(self) -> list[int]:
        """Of whole blocks and of items, but not right after a heading."""
        after_heading = {
            block.start for before, block in pairwise(self._page.leaves) if before.kind == "heading"
        }
        starts = {
            block.start
            for block in self._page.blocks
            if (block.kind == "item" or not block.around) and block.start not in after_heading
        }
        return self._offsets(starts)

    def _starts(self) -> list[int]:
        return self._offsets({block.start for block in self._page.blocks})

    def _line_starts(self) -> list[int]:
        """Of nested blocks, and of the last block's inner lines."""
        starts = {leaf.start for leaf in self._page.leaves if leaf.around}
        if (leaf := self._page.leaf) is not None:
            is_fence = leaf.kind == "fence"
            end = leaf.end - (is_fence and self._page.is_closed(leaf))
            starts.update(range(leaf.start + 1 + is_fence, min(end, len(self._lines))))
        return self._offsets(starts)

    def _offsets(self, lines: Iterable[int]) -> list[int]:
        """Where the lines begin, the last first."""
        return [self._lines[line].start for line in sorted(lines, reverse=True)]

    # --- within a line -------------------------------------------------------------------------

    def _content_at(self) -> int:
        """Where a code block's text begins."""
        leaf = self._page.leaf
        if leaf is None or leaf.kind != "fence":
            return self._page.leaf_at
        after = leaf.start + 1
        return self._lines[after].start if after < len(self._lines) else len(self._text)

    def _is_whole(self, position: int) -> bool:
        return between_graphemes(self._text, position)

    def _begins_well(self, position: int) -> bool:
        """Not right after what a quote or an item begins with, and so that the rest does not
        become another block."""
        line = self._lines[self._page.frame.line_at(position)]
        return (
            LEADER.fullmatch(self._text, line.start, position) is None
            and not looks_like_a_block(self._text, position)
            and self._is_whole(position)
        )
