"""What stands within a line."""

from __future__ import annotations

from collections.abc import Iterable

from markdown_it.tree import SyntaxTreeNode

from adapters.telegram.writer import Writer

STYLES = {"strong": "bold", "em": "italic", "s": "strikethrough"}
LINKS = ("http://", "https://", "tg://", "mailto:", "tel:")
"""What Telegram takes as the address of a text; another is shown beside it."""


def write(writer: Writer, nodes: Iterable[SyntaxTreeNode]) -> None:
    for node in nodes:
        _write(writer, node)


def _write(writer: Writer, node: SyntaxTreeNode) -> None:
    match node.type:
        case "inline":
            write(writer, node.children)
        case "strong" | "em" | "s":
            with writer.styled(STYLES[node.type]):
                write(writer, node.children)
        case "code_inline":
            writer.code(node.content)
        case "softbreak" | "hardbreak":
            writer.add("\n")
        case "link":
            _link(writer, node, str(node.attrs.get("href", "")))
        case "image":
            _link(writer, node, str(node.attrs.get("src", "")))
        case _:
            writer.add(node.content)


def _link(writer: Writer, node: SyntaxTreeNode, url: str) -> None:
    if url.startswith(LINKS):
        with writer.styled("text_link", url):
            write(writer, node.children)
        return
    write(writer, node.children)
    if url:
        writer.add(f" ({url})")
