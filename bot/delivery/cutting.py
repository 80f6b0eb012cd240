"""Cuts a document in two: what the cut has to close, and what it leaves open."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.delivery.blocks import Block
from bot.delivery.choosing import Choice
from bot.delivery.frame import Number, Opened
from bot.delivery.page import Page

LONGEST_LANGUAGE = 24


@dataclass(frozen=True, slots=True)
class Cut:
    """At `position` of the document; `closing` is put there, and `opened` at the next head."""

    position: int
    closing: str
    opened: Opened


def best_cut(page: Page) -> Cut:
    return Crossing(page, Choice(page).best()).cut()


def last_cut(page: Page) -> Cut:
    """At the end of the source: nothing follows."""
    return Cut(len(page.text), page.unclosed(), Opened())


class Crossing:
    """What a cut at `position` goes through: a line, a leaf, and the items and quotes around it."""

    def __init__(self, page: Page, position: int):
        self._page, self._position = page, position
        self._index = page.frame.line_at(position)
        self._line = page.lines[self._index]
        self._inside = position > self._line.start
        self._leaf = self._leaf_through()
        self._around = self._leaf.around if self._leaf else self._containers()

    def cut(self) -> Cut:
        leaf, opened = self._leaf, self._opened()
        if leaf is None or (leaf.kind == "fence" and self._is_behind(leaf)):
            return Cut(self._position, "", opened)
        if leaf.kind == "fence":
            return self._through_fence(leaf, opened)
        if leaf.kind == "code_block":
            return Cut(self._position, "", replace(opened, verbatim=True))
        marks = self._page.inline.open_at(self._position - self._page.leaf_at)
        return Cut(self._position, "".join(reversed(marks)), replace(opened, marks=marks))

    # --- what it goes through --------------------------------------------------------------------

    def _leaf_through(self) -> Block | None:
        last = self._page.leaf
        if last and self._index >= last.end and self._page.goes_on(last):
            return last
        return next((leaf for leaf in self._page.leaves if self._spans(leaf)), None)

    def _containers(self) -> tuple[Block, ...]:
        return tuple(b for b in self._page.blocks if not b.is_leaf and self._spans(b))

    def _spans(self, block: Block) -> bool:
        return block.spans(self._index, self._inside)

    def _is_behind(self, fence: Block) -> bool:
        """Only blank lines are between; what is around the fence may go on behind them."""
        return self._index >= fence.end and self._page.is_closed(fence)

    # --- what it leaves open ---------------------------------------------------------------------

    def _opened(self) -> Opened:
        opened = Opened(inside_line=self._inside, numbers=self._numbers())
        if any(block.kind == "quote" for block in self._around):
            return self._quoted(opened)
        return replace(opened, indents=self._indents())

    def _quoted(self, opened: Opened) -> Opened:
        """Lines of a quote carry their prefix, but for cut ones and those of lazy paragraphs."""
        if self._leaf is None:
            return opened
        lazy = self._leaf.kind == "paragraph" and not self._line.text.lstrip(" ").startswith(">")
        prefix = self._page.prefix(self._leaf).lstrip(" ")
        return replace(opened, prefix=prefix, inside_line=self._inside or lazy)

    def _indents(self) -> tuple[int, ...]:
        lines = self._page.lines
        columns = (item.column + lines[item.start].dedented for item in self._around)
        return (*self._line.indents, *columns)

    def _numbers(self) -> tuple[Number, ...]:
        """What the next item of each list shows; CommonMark counts on, whatever is written."""
        outer = len(self._line.indents)
        numbers = {
            depth: item.number + 1
            for depth, item in enumerate(self._around, outer)
            if item.number is not None
        }
        for item in self._page.blocks:
            if item.start == self._index and item.number is not None and not self._inside:
                numbers.setdefault(outer + len(self._around), item.number)
        before = self._page.lines[: self._index + self._inside]
        for pending in self._page.frame.opened.numbers:
            if pending.depth <= outer and not any(pending.is_due(line) for line in before):
                numbers[pending.depth] = pending.value
        return tuple(Number(value, depth) for depth, value in sorted(numbers.items()))

    def _through_fence(self, fence: Block, opened: Opened) -> Cut:
        language = fence.info.split(maxsplit=1)[0][:LONGEST_LANGUAGE] if fence.info else ""
        table = self._page.frame.opened.table and fence.start == 0
        return Cut(
            self._position,
            self._page.fence_end(fence, self._position),
            replace(opened, fence=fence.markup + language, table=table, verbatim=True),
        )
