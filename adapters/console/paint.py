"""Colours and CommonMark for a terminal, legible on a dark and on a light ground alike."""

from __future__ import annotations

import os
import sys
from typing import ClassVar

from rich import markdown
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.syntax import Syntax
from rich.text import Text
from rich.theme import Theme

# Only the terminal's own sixteen colours, and none that needs a certain background.
_THEME = Theme(
    {
        "markdown.code": "cyan",
        "markdown.code_block": "none",
        "markdown.block_quote": "dim",
        "markdown.h1": "bold underline",
        "markdown.h2": "bold",
        "markdown.h3": "bold",
        "markdown.h4": "italic bold",
        "markdown.h5": "italic",
        "markdown.h6": "italic dim",
        "markdown.item.bullet": "bold",
        "markdown.item.number": "bold",
        "markdown.hr": "dim",
        "markdown.link": "none",
        "markdown.link_url": "underline",
        "markdown.table.border": "dim",
        "markdown.table.header": "bold",
    }
)

_WIDEST = 1_000


class _Heading(markdown.Heading):
    LEVEL_ALIGN: ClassVar = dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "left")


class _Code(markdown.CodeBlock):
    """Between its fences and without a margin, so that it can be copied."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        language = "" if self.lexer_name == "text" else self.lexer_name
        yield Text(f"```{language}", style="dim")
        yield Syntax(str(self.text).rstrip(), self.lexer_name, theme=self.theme, word_wrap=True)
        yield Text("```", style="dim")


class _Markdown(markdown.Markdown):
    elements: ClassVar = {
        **markdown.Markdown.elements,
        "heading_open": _Heading,
        "fence": _Code,
        "code_block": _Code,
    }


class Paint:
    """Each method returns text with colour codes, in lines of at most `columns`."""

    def __init__(self) -> None:
        self._console = Console(
            file=sys.__stdout__, width=_WIDEST, theme=_THEME, highlight=False, force_terminal=True
        )
        self._code_theme = "ansi_light" if _light_ground() else "ansi_dark"

    def markdown(self, text: str, columns: int) -> str:
        return self._render(_Markdown(text, code_theme=self._code_theme, hyperlinks=False), columns)

    def dim(self, text: str, columns: int) -> str:
        return self._render(Text(text, style="dim"), columns)

    def said(self, line: str, columns: int) -> str:
        """What the user has said, as it stays above the reply."""
        return self._render(Text("› " + line.replace("\n", "\n  "), style="bold"), columns)

    def _render(self, what: RenderableType, columns: int) -> str:
        with self._console.capture() as capture:
            self._console.print(what, width=columns)
        return "\n".join(line.rstrip() for line in capture.get().split("\n")).strip("\n")


def _light_ground() -> bool:
    """By the variable that rxvt, Konsole and others set: "foreground;background"."""
    return os.environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15")
