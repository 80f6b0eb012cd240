"""A document as what has to be cut: its blocks, the marks in the last one, and what is not closed.

Nothing behind it is known: the last block may go on in what follows.
"""

from __future__ import annotations

import re
from functools import cached_property

from bot.delivery.blocks import Block, outline
from bot.delivery.frame import CLOSING_FENCE, Frame
from bot.delivery.inline import Inline, scan

LEADER = re.compile(r"(?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])[ \t]))*[ \t]*")
NOT_QUOTE = re.compile(r"[^>\s]")


class Page:
    """`leaf` is the last of the blocks that hold no others, if there is one, and `leaf_at` where it
    begins; `inline` are the marks in it, which is running text then."""

    def __init__(self, frame: Frame):
        self.frame = frame
        self.text, self.lines = frame.text, frame.lines
        self.blocks = outline(frame.text, [line.text for line in frame.lines])
        self.leaves = [block for block in self.blocks if block.is_leaf]
        self.leaf = self.leaves[-1] if self.leaves else None
        self.leaf_at = self.lines[self.leaf.start].start if self.leaf else 0

    @cached_property
    def inline(self) -> Inline:
        return scan(self.text[self.leaf_at :])

    def goes_on(self, leaf: Block) -> bool:
        """Whether a longer source might continue this block."""
        *between, last = [line.text for line in self.lines[leaf.end :]] or [""]
        if last.strip("> \t"):
            return False
        if leaf.kind != "fence":
            return not between
        return all(">" in text if leaf.quoted else not text.strip() for text in between)

    def is_closed(self, fence: Block) -> bool:
        closing = CLOSING_FENCE.fullmatch(self.lines[fence.end - 1].text)
        return (
            fence.end - 1 > fence.start
            and closing is not None
            and closing[1].startswith(fence.markup)
        )

    def begins_with_long_table(self) -> bool:
        leaf = self.leaf
        return (
            leaf is not None
            and leaf.kind == "table"
            and leaf.start == 0
            and not leaf.around
            and self.goes_on(leaf)
        )

    # --- what is open --------------------------------------------------------------------------

    def unclosed(self) -> str:
        """What the end of the document has to close, as its end is that of the source."""
        if self.leaf is None or not self.goes_on(self.leaf):
            return ""
        if self.leaf.kind == "fence" and not self.is_closed(self.leaf):
            return self.fence_end(self.leaf, len(self.text))
        if self.leaf_at == 0 and self.frame.opened.marks:
            return "".join(reversed(self._unclosed_marks(self.leaf)))
        return ""

    def marks_that_hold(self) -> tuple[str, ...]:
        """Those of the opened marks that the source does close, as far as can be seen."""
        first = self.leaves[0] if self.leaves else None
        if first is None or first.kind not in ("paragraph", "heading"):
            return ()
        if self.goes_on(first):
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
        text = "\n".join(line.text for line in self.lines[: leaf.end])
        head = range(len(opened.head) - len("".join(opened.marks)), len(opened.head))
        return tuple(m.markup for m in scan(text).marks if m.start in head and not m.closed)

    def fence_end(self, fence: Block, position: int) -> str:
        """What closes it there."""
        newline = "" if self.text[:position].endswith("\n") else "\n"
        return newline + self.prefix(fence) + fence.markup

    def prefix(self, leaf: Block) -> str:
        """What a further line of the block begins with: `>` as above it, spaces for markers."""
        leader = LEADER.match(self.lines[leaf.start].text)
        return NOT_QUOTE.sub(" ", leader[0]) if leader else ""
