"""Chooses where to cut a document, and tells what the cut closes and leaves open.

In this order: before a block, before a line, after a sentence, a word, a grapheme; outside of
inline marks, then inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from bot.delivery.blocks import Block, outline
from bot.delivery.boundaries import graphemes, looks_like_a_block, sentences, words
from bot.delivery.frame import CLOSING_FENCE, Frame, Number, Opened
from bot.delivery.inline import Gaps, Inline, scan

LONGEST_LANGUAGE = 24
SMALLEST_SHARE = 4
"""A piece is at least a fourth of what it could be, or it is cut at a lesser boundary."""
LEADER = re.compile(r"(?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])[ \t]))*[ \t]*")
NOT_QUOTE = re.compile(r"[^>\s]")


@dataclass(frozen=True, slots=True)
class Cut:
    """At `position` of the document; `closing` is put there, and `opened` at the next head."""

    position: int
    closing: str
    opened: Opened


class Page:
    """A document to be cut."""

    def __init__(self, frame: Frame):
        self.frame = frame
        self._text, self._lines = frame.text, frame.lines
        self._blocks = outline(frame.text, [line.text for line in frame.lines])
        self._leaves = [block for block in self._blocks if block.is_leaf]
        self._leaf = self._leaves[-1] if self._leaves else None
        self._leaf_at = self._lines[self._leaf.start].start if self._leaf else 0
        head = len(frame.opened.head)
        self._floor = head + (len(self._text) - head) // SMALLEST_SHARE
        self._least = head + 1

    @cached_property
    def _inline(self) -> Inline:
        """Of the last block, which is running text."""
        return scan(self._text[self._leaf_at :])

    # --- its end ---------------------------------------------------------------------------------

    def end(self) -> Cut:
        """Nothing is left to be cut; `closing` is what the end of the source left open."""
        closing = ""
        if self._leaf and self._goes_on(self._leaf):
            if self._leaf.kind == "fence" and not self._is_closed(self._leaf):
                closing = self._fence_end(self._leaf, len(self._text))
            elif self._leaf_at == 0 and self.frame.opened.marks:
                closing = "".join(reversed(self._unclosed_marks(self._leaf)))
        return Cut(len(self._text), closing, Opened())

    def marks_that_hold(self) -> tuple[str, ...]:
        """Those of the opened marks that the source does close, as far as can be seen."""
        first = self._leaves[0] if self._leaves else None
        if first is None or first.kind not in ("paragraph", "heading"):
            return ()
        if self._goes_on(first):
            return self.frame.opened.marks
        unclosed = list(self._unclosed_marks(first))
        held = []
        for markup in reversed(self.frame.opened.marks):
            if markup in unclosed:
                unclosed.remove(markup)
            else:
                held.append(markup)
        return tuple(reversed(held))

    def _unclosed_marks(self, leaf: Block) -> tuple[str, ...]:
        opened = self.frame.opened
        text = "\n".join(line.text for line in self._lines[: leaf.end])
        head = range(len(opened.head) - len("".join(opened.marks)), len(opened.head))
        return tuple(m.markup for m in scan(text).marks if m.start in head and not m.closed)

    def _goes_on(self, leaf: Block) -> bool:
        """Whether a longer source might continue this block."""
        *between, last = [line.text for line in self._lines[leaf.end :]] or [""]
        if last.strip("> \t"):
            return False
        if leaf.kind != "fence":
            return not between
        return all(">" in text if leaf.quoted else not text.strip() for text in between)

    def _is_closed(self, fence: Block) -> bool:
        closing = CLOSING_FENCE.fullmatch(self._lines[fence.end - 1].text)
        return (
            fence.end - 1 > fence.start
            and closing is not None
            and closing[1].startswith(fence.markup)
        )

    def _is_closed_before(self, line: int, fence: Block) -> bool:
        """Only blank lines are between; what is around the fence may go on behind them."""
        return line >= fence.end and self._is_closed(fence)

    # --- where to cut ----------------------------------------------------------------------------

    def begins_with_long_table(self) -> bool:
        leaf = self._leaf
        return (
            leaf is not None
            and leaf.kind == "table"
            and leaf.start == 0
            and not leaf.around
            and self._goes_on(leaf)
        )

    def cut(self) -> Cut:
        return self._cut_at(self._best())

    def _best(self) -> int:
        leaf = self._leaf
        if leaf and leaf.kind == "table" and leaf.start > 0 and self._goes_on(leaf):
            return self._leaf_at
        for positions, allowed, least in self._choices():
            for position in positions:
                if position < least:
                    break
                if position - self._leaf_at in allowed:
                    return position
        return len(self._text)

    def _choices(self) -> Iterator[tuple[Iterable[int], Gaps, int]]:
        """Positions, the last first; where in the last block they are allowed; and the least."""
        anywhere = Gaps([])
        yield self._block_starts(), anywhere, self._floor
        if self._leaf is None or self._leaf.kind in ("paragraph", "heading"):
            yield from self._running_text(self._inline.outside_marks())
            inside = self._inline.outside_atoms()
            yield from self._running_text(inside)
            yield self._starts(), anywhere, self._least
            yield words(self._text, self._leaf_at), self._inline.outside_marks(), self._least
            yield graphemes(self._text, self._leaf_at), inside, self._least
        else:
            yield self._line_starts(), anywhere, self._floor
            yield words(self._text, self._content_at()), anywhere, self._floor
            yield graphemes(self._text, self._content_at()), anywhere, self._least

    def _running_text(self, allowed: Gaps) -> Iterator[tuple[Iterable[int], Gaps, int]]:
        yield self._line_starts(), allowed, self._floor
        for boundaries in (sentences, words):
            positions = boundaries(self._text, self._leaf_at)
            yield filter(self._begins_well, positions), allowed, self._floor

    def _block_starts(self) -> list[int]:
        """Of whole blocks and of items, but not right after a heading."""
        after_heading = {
            block.start for before, block in pairwise(self._leaves) if before.kind == "heading"
        }
        starts = {
            block.start
            for block in self._blocks
            if (block.kind == "item" or not block.around) and block.start not in after_heading
        }
        return self._offsets(starts)

    def _starts(self) -> list[int]:
        return self._offsets({block.start for block in self._blocks})

    def _offsets(self, lines: Iterable[int]) -> list[int]:
        """Where the lines begin, the last first."""
        return [self._lines[line].start for line in sorted(lines, reverse=True)]

    def _line_starts(self) -> list[int]:
        """Of nested blocks, and of the last block's inner lines."""
        starts = {leaf.start for leaf in self._leaves if leaf.around}
        if (leaf := self._leaf) is not None:
            is_fence = leaf.kind == "fence"
            end = leaf.end - (is_fence and self._is_closed(leaf))
            starts.update(range(leaf.start + 1 + is_fence, min(end, len(self._lines))))
        return self._offsets(starts)

    def _content_at(self) -> int:
        """Where a code block's text begins."""
        if self._leaf is None or self._leaf.kind != "fence":
            return self._leaf_at
        after = self._leaf.start + 1
        return self._lines[after].start if after < len(self._lines) else len(self._text)

    def _begins_well(self, position: int) -> bool:
        """Not right after what a quote or an item begins with, and so that the rest does not
        become another block."""
        line = self._lines[self.frame.line_at(position)]
        after_leader = LEADER.fullmatch(self._text, line.start, position) is not None
        return not after_leader and not looks_like_a_block(self._text, position)

    # --- what the cut leaves open -----------------------------------------------------------------

    def _cut_at(self, position: int) -> Cut:
        index = self.frame.line_at(position)
        inside = position > self._lines[index].start
        leaf = self._leaf_through(index, inside)
        around = (
            leaf.around
            if leaf
            else tuple(b for b in self._blocks if not b.is_leaf and b.spans(index, inside))
        )
        opened = Opened(inside_line=inside)
        if any(block.kind == "quote" for block in around):
            opened = self._quoted(opened, leaf, index)
        else:
            opened = replace(opened, indents=self._indents(around, index))
        opened = replace(opened, numbers=self._numbers(around, index, inside))
        if leaf is None or (leaf.kind == "fence" and self._is_closed_before(index, leaf)):
            return Cut(position, "", opened)
        if leaf.kind == "fence":
            return self._through_fence(position, leaf, opened)
        if leaf.kind == "code_block":
            return Cut(position, "", replace(opened, verbatim=True))
        return self._through_text(position, opened)

    def _leaf_through(self, index: int, inside: bool) -> Block | None:
        if self._leaf and index >= self._leaf.end and self._goes_on(self._leaf):
            return self._leaf
        return next((leaf for leaf in self._leaves if leaf.spans(index, inside)), None)

    def _quoted(self, opened: Opened, leaf: Block | None, index: int) -> Opened:
        """Lines of a quote carry their prefix, but for cut ones and those of lazy paragraphs."""
        if leaf is None:
            return opened
        line = self._lines[index].text.lstrip(" ")
        lazy = leaf.kind == "paragraph" and not line.startswith(">")
        prefix = self._prefix(leaf).lstrip(" ")
        return replace(opened, prefix=prefix, inside_line=opened.inside_line or lazy)

    def _indents(self, around: tuple[Block, ...], index: int) -> tuple[int, ...]:
        return self._lines[index].indents + tuple(
            item.column + self._lines[item.start].dedented for item in around
        )

    def _numbers(self, around: tuple[Block, ...], index: int, inside: bool) -> tuple[Number, ...]:
        """What the next item of each list shows; CommonMark counts on, whatever is written."""
        outer = len(self._lines[index].indents)
        numbers = {
            depth: item.number + 1
            for depth, item in enumerate(around, outer)
            if item.number is not None
        }
        for item in self._blocks:
            if item.start == index and item.number is not None and not inside:
                numbers.setdefault(outer + len(around), item.number)
        before = self._lines[: index + inside]
        for pending in self.frame.opened.numbers:
            if pending.depth <= outer and not any(pending.is_due(line) for line in before):
                numbers[pending.depth] = pending.value
        return tuple(Number(value, depth) for depth, value in sorted(numbers.items()))

    def _through_text(self, position: int, opened: Opened) -> Cut:
        marks = self._inline.open_at(position - self._leaf_at)
        return Cut(position, "".join(reversed(marks)), replace(opened, marks=marks))

    def _through_fence(self, position: int, fence: Block, opened: Opened) -> Cut:
        language = fence.info.split(maxsplit=1)[0][:LONGEST_LANGUAGE] if fence.info else ""
        table = self.frame.opened.table and fence.start == 0
        return Cut(
            position,
            self._fence_end(fence, position),
            replace(opened, fence=fence.markup + language, table=table, verbatim=True),
        )

    def _fence_end(self, fence: Block, position: int) -> str:
        newline = "" if self._text[:position].endswith("\n") else "\n"
        return newline + self._prefix(fence) + fence.markup

    def _prefix(self, leaf: Block) -> str:
        """What a further line of the block begins with: `>` as above it, spaces for markers."""
        leader = LEADER.match(self._lines[leaf.start].text)
        return NOT_QUOTE.sub(" ", leader[0]) if leader else ""
