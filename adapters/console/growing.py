"""Which part of a growing text can be printed for good."""

from __future__ import annotations

from markdown_it import MarkdownIt

_blocks = MarkdownIt("commonmark").enable("table").disable("inline")


class Growing:
    """A CommonMark text as it arrives: blocks settle one by one, the last one may still change.

    Settled blocks are handed out once; `rest` is what has not settled yet.
    """

    def __init__(self) -> None:
        self._settled = ""
        self.rest = ""

    def become(self, text: str) -> str:
        """Take the text as it is now; return what has settled since.

        A text that no longer begins with what has settled was rewritten: it is handed out anew.
        """
        if not text.startswith(self._settled):
            self._settled = ""
        rest = text[len(self._settled) :]
        settled = rest[: _last_block(rest)]
        self._settled += settled
        self.rest = rest[len(settled) :]
        return settled

    def finish(self) -> str:
        """Settle the rest as well, and return it."""
        rest, self.rest = self.rest, ""
        self._settled += rest
        return rest


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
