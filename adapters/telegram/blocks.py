"""The blocks of CommonMark on a network that knows only text, quotes and preformatted text."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.tree import SyntaxTreeNode

from adapters.telegram import inline
from adapters.telegram.writer import Writer

BULLET = "•"
RULE = "———"
STEP = "  "
"""What each level of a list is indented by."""


class Blocks:
    def __init__(self, writer: Writer, source: str):
        self._writer = writer
        self._lines = source.split("\n")
        self._quoted = False

    def write(self, blocks: Sequence[SyntaxTreeNode], indent: str = "") -> None:
        for index, block in enumerate(blocks):
            if index:
                self._writer.add(f"{self._between(block)}{indent}")
            self._block(block, indent)

    def _between(self, block: SyntaxTreeNode) -> str:
        """As many line breaks as the source has before it, two at most."""
        start = block.map[0] if block.map else 0
        before = self._lines[start - 1].strip(" \t>") if start else ""
        return "\n" if before else "\n\n"

    def _block(self, block: SyntaxTreeNode, indent: str) -> None:
        match block.type:
            case "paragraph":
                inline.write(self._writer, block.children)
            case "heading":
                with self._writer.styled("bold"):
                    inline.write(self._writer, block.children)
            case "fence" | "code_block":
                self._pre(block.content, block.info.split()[0] if block.info.strip() else None)
            case "bullet_list" | "ordered_list":
                self._list(block, indent)
            case "blockquote":
                self._quote(block, indent)
            case "hr":
                self._writer.add(RULE)
            case "table":
                self._table(block)
            case _:
                self._writer.add(block.content.rstrip("\n"))

    def _pre(self, content: str, language: str | None = None) -> None:
        with self._writer.marked("pre", language=language):
            self._writer.add(content.removesuffix("\n"))

    def _table(self, table: SyntaxTreeNode) -> None:
        """As it was written: only in fixed width do its columns stand in line."""
        first, last = table.map or (0, 0)
        self._pre("\n".join(line.strip(" \t>") for line in self._lines[first:last]).rstrip())

    def _quote(self, quote: SyntaxTreeNode, indent: str) -> None:
        """Quotes do not nest in Telegram."""
        if self._quoted:
            self.write(quote.children, indent)
            return
        self._quoted = True
        with self._writer.marked("blockquote"):
            self.write(quote.children, indent)
        self._quoted = False

    def _list(self, items: SyntaxTreeNode, indent: str) -> None:
        number = int(items.attrs.get("start", 1))
        for index, item in enumerate(items.children):
            if index:
                self._writer.add(f"{self._between(item)}{indent}")
            marker = f"{number + index}{item.markup}" if items.type == "ordered_list" else BULLET
            self._writer.add(f"{marker} ")
            self.write(item.children, indent + STEP)
