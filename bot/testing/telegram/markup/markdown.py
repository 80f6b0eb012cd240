"""parse_mode MarkdownV2, with Telegram's errors.

https://core.telegram.org/bots/api#markdownv2-style
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.testing.telegram.entities import Entity
from bot.testing.telegram.failures import cant_parse
from bot.testing.telegram.markup.builder import Builder

RESERVED = frozenset("_*[]()~`>#+-=|{}.!")
MARKS = {"__": "underline", "_": "italic", "*": "bold", "~": "strikethrough", "||": "spoiler"}
NAMES = {
    "underline": "Underline",
    "italic": "Italic",
    "bold": "Bold",
    "strikethrough": "Strikethrough",
    "spoiler": "Spoiler",
    "text_link": "TextUrl",
    "code": "Code",
    "pre": "PreCode",
}

_LANGUAGE = re.compile(r"([^\s`]*)\n")


@dataclass(frozen=True, slots=True)
class Open:
    kind: str
    mark: str
    start: int
    byte: int


def parse(source: str) -> tuple[str, list[Entity]]:
    """Raises 400 "can't parse entities"."""
    return _Parser(source).run()


class _Parser:
    def __init__(self, source: str):
        self._source, self._at = source, 0
        self._builder = Builder()
        self._open: list[Open] = []
        self._quote: int | None = None

    def run(self) -> tuple[str, list[Entity]]:
        while self._at < len(self._source):
            self._step()
        if self._open:
            raise self._endless(self._open[-1].kind, self._open[-1].byte)
        self._end_quote("")
        return self._builder.result()

    def _step(self) -> None:
        c = self._source[self._at]
        if c == "\\" and "\0" < self._source[self._at + 1 : self._at + 2] < "\x7f":
            self._take(self._source[self._at + 1], 2)
        elif c == ">" and self._line_starts():
            if self._quote is None:
                self._quote = self._builder.length
            self._at += 1
        elif c == "\n":
            self._take(c)
            if not self._source.startswith(">", self._at):
                self._end_quote("\n")
        elif c == "`":
            self._code()
        elif c == "[":
            self._open_as("text_link", "[")
        elif c == "]" and self._open and self._open[-1].kind == "text_link":
            self._close_link()
        elif c in RESERVED:
            self._style()
        else:
            self._take(c)

    def _take(self, text: str, consumed: int = 1) -> None:
        self._builder.add(text)
        self._at += consumed

    def _style(self) -> None:
        mark = next((m for m in MARKS if self._source.startswith(m, self._at)), None)
        if mark == "||" and self._ends_a_folded_quote():
            self._end_quote("", "expandable_blockquote")
            self._at += len(mark)
            return
        if mark is None:
            raise cant_parse(
                f"Character '{self._source[self._at]}' is reserved and must be escaped with the "
                "preceding '\\'"
            )
        if self._open and self._open[-1].mark == mark:
            last = self._open.pop()
            self._builder.mark(last.kind, last.start)
            self._at += len(mark)
        else:
            self._open_as(MARKS[mark], mark)

    def _open_as(self, kind: str, mark: str) -> None:
        self._open.append(Open(kind, mark, self._builder.length, self._byte))
        self._at += len(mark)

    def _close_link(self) -> None:
        last = self._open.pop()
        match = re.compile(r"\]\(((?:\\.|[^\\)])*)\)").match(self._source, self._at)
        if match is None:
            raise cant_parse(f"Can't find end of a URL at byte offset {self._byte}")
        url = re.sub(r"\\(.)", r"\1", match[1])
        self._builder.mark("text_link", last.start, url=url)
        self._at = match.end()

    def _code(self) -> None:
        mark = "```" if self._source.startswith("```", self._at) else "`"
        kind, byte, start = ("pre" if len(mark) == 3 else "code"), self._byte, self._builder.length
        self._at += len(mark)
        language = _LANGUAGE.match(self._source, self._at) if kind == "pre" else None
        self._at = language.end() if language else self._at
        while not self._source.startswith(mark, self._at):
            if self._at >= len(self._source):
                raise self._endless(kind, byte)
            escaped = self._source[self._at] == "\\"
            self._take(self._source[self._at + escaped : self._at + escaped + 1], 1 + escaped)
        self._at += len(mark)
        extra = {"language": language[1]} if language and language[1] else {}
        self._builder.mark(kind, start, **extra)

    def _end_quote(self, behind: str, kind: str = "blockquote") -> None:
        if self._quote is None:
            return
        self._builder.length -= len(behind)
        self._builder.mark(kind, self._quote)
        self._builder.length += len(behind)
        self._quote = None

    def _ends_a_folded_quote(self) -> bool:
        """A quote that ends with || is folded, unless that closes a spoiler."""
        rest = self._source[self._at + 2 :]
        in_spoiler = any(mark.kind == "spoiler" for mark in self._open)
        return self._quote is not None and not in_spoiler and (not rest or rest[0] == "\n")

    def _line_starts(self) -> bool:
        """Also after the empty bold mark that tells two neighbouring quotes apart."""
        before = self._source[: self._at].removesuffix("**")
        return not before or before.endswith("\n")

    @property
    def _byte(self) -> int:
        return len(self._source[: self._at].encode())

    def _endless(self, kind: str, byte: int) -> Exception:
        return cant_parse(f"Can't find end of {NAMES[kind]} entity at byte offset {byte}")
