"""What of a long answer stands in the chat, and what goes beside it as a file.

The beginning of a long code block is shown, and the beginning of a long answer; where it ends
depends on nothing that follows, so that a growing answer only ever changes at its end.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from bot import texts
from bot.delivery.settings import DeliverySettings
from bot.types import File

OPENING = re.compile(
    r"([ \t>]*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+)?)(`{3,}|~{3,})[ \t]*([^\s`]*)[^`]*\n?"
)
NOT_QUOTE = re.compile(r"[^>\s]")
SLACK = 200
"""Characters beyond the limit in which the end of a line is looked for."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    text: str
    files: tuple[File, ...] = ()


def excerpt(source: str, settings: DeliverySettings) -> Excerpt:
    parts: list[str] = []
    files: list[File] = []
    size = 0
    for part in _parts(source):
        if isinstance(part, Code) and len(part.content) > settings.code_over:
            shown, file = _shortened(part, len(files) + 1, settings.code_over)
            files.append(file)
        else:
            shown = part.text if isinstance(part, Code) else part
        room = settings.file_over - size
        if (end := _end(shown, room)) < len(shown):
            return _shortened_answer("".join(parts), shown[:end], part, source)
        parts.append(shown)
        size += len(shown)
    return Excerpt("".join(parts), tuple(files))


@dataclass(slots=True)
class Code:
    """A fenced block; `prefix` is what its lines begin with inside of lists and quotes."""

    opening: str
    prefix: str
    marker: str
    language: str
    lines: list[str] = field(default_factory=list)
    closing: str = ""

    @property
    def content(self) -> str:
        return "".join(self.lines)

    @property
    def text(self) -> str:
        return self.opening + self.content + self.closing

    def is_closed_by(self, line: str) -> bool:
        text = line.strip(" \t>\n")
        return text.startswith(self.marker) and not text.strip(self.marker[0])


def _parts(source: str) -> Iterator[str | Code]:
    """Lines, and fenced blocks whole."""
    code: Code | None = None
    for line in source.splitlines(keepends=True):
        if code is None:
            opening = OPENING.fullmatch(line)
            if opening is None:
                yield line
            else:
                prefix = NOT_QUOTE.sub(" ", opening[1])
                code = Code(line, prefix, opening[2], opening[3])
        elif code.is_closed_by(line):
            code.closing = line
            yield code
            code = None
        else:
            code.lines.append(line)
    if code is not None:
        yield code


def _end(text: str, limit: int) -> int:
    """Where the first line ends at or after `limit`; no later than `SLACK` beyond it."""
    newline = text.find("\n", max(0, limit), max(0, limit) + SLACK)
    return min(len(text), newline if newline >= 0 else max(0, limit) + SLACK)


def _shortened(code: Code, number: int, limit: int) -> tuple[str, File]:
    name = f"code-{number}{extension(code.language)}"
    shown = code.content[: _end(code.content, limit)]
    closing = f"\n{code.prefix}{code.marker}\n\n{code.prefix}{texts.continued_in(name)}\n\n"
    content = "".join(line.removeprefix(code.prefix) for line in code.lines)
    media_type = mimetypes.guess_type(name)[0] or "text/plain"
    return code.opening + shown + closing, File(name, content.encode(), media_type)


def _shortened_answer(before: str, last: str, part: str | Code, source: str) -> Excerpt:
    name = "answer.md"
    closing = f"\n{part.prefix}{part.marker}" if isinstance(part, Code) else ""
    text = f"{before}{last}{closing}\n\n{texts.continued_in(name)}"
    return Excerpt(text, (File(name, source.encode(), "text/markdown"),))


@lru_cache(maxsize=256)
def extension(language: str) -> str:
    """As the files of this language are called, .txt where nobody knows."""
    try:
        patterns = get_lexer_by_name(language).filenames if language else []
    except ClassNotFound:
        patterns = []
    return next((p[1:] for p in patterns if re.fullmatch(r"\*\.\w+", p)), ".txt")
