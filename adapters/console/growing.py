"""Which part of a growing text can be printed for good."""

from __future__ import annotations

from markdown_it import MarkdownIt

_blocks = MarkdownIt("commonmark").enable("table").disable("inline")


class Growing:
    """A CommonMark text as it arrives: blocks settle one by one, the last one may still change.

    What has settled is handed out once; `rest` is what has not.
    """

    def __init__(self) -> None:
        self._settled = ""
        self.rest = ""

    def become(self, text: str) -> None:
        """Take the text as it is now. One that no longer begins with what has settled was
        rewritten, and settles anew."""
        if not text.startswith(self._settled):
            self._settled = ""
        self.rest = text[len(self._settled) :]

    def settle(self) -> str:
        """The blocks that can't change any more."""
        return self._take(_last_block(self.rest))

    def finish(self) -> str:
        """All that has not settled yet."""
        return self._take(len(self.rest))

    def _take(self, length: int) -> str:
        taken, self.rest = self.rest[:length], self.rest[length:]
        self._settled += taken
        return taken


def _last_block(text: str) -> int:
    """Where the last top-level block of `text` begins.

    Blocks before it can't change any more, but a line without its end may still turn out to
    continue one of them ("2" becomes the next item "2." of a list), so it does not count.
    """
    lines = text.split("\n")[:-1]
    starts = [
        token.map[0]
        for token in _blocks.parse("\n".join(lines))
        if token.level == 0 and token.map and token.nesting >= 0
    ]
    if len(starts) < 2:
        return 0
    return sum(len(line) + 1 for line in lines[: starts[-1]])
