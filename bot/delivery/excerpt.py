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
LINE = re.compile(r"[^\n]*\n|[^\n]+")
NOT_QUOTE = re.compile(r"[^>\s]")
ANSWER = "answer.md"
SLACK = 200
"""Characters beyond the limit in which the end of a line is looked for."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    text: str
    files: tuple[File, ...] = ()


def excerpt(source: str, settings: DeliverySettings) -> Excerpt:
    parts: list[str] = []
    files: list[File] = []
    room = settings.file_over
    for part in _parts(source):
        body, end = part.text, part.end
        if len(part.content) > settings.code_over and part.marker:
            name = f"code-{len(files) + 1}{extension(part.language)}"
            files.append(part.file(name))
            body = part.opening + _beginning(part.content, settings.code_over)
            end = f"{part.closed()}\n\n{part.prefix}{texts.continued_in(name)}\n\n"
        beginning = _beginning(body, room)
        if len(beginning) < len(body):
            files.append(File(ANSWER, source.encode(), "text/markdown"))
            parts += [beginning, part.closed(), f"\n\n{texts.continued_in(ANSWER)}"]
            break
        parts += [body, end]
        room -= len(body)
    return Excerpt("".join(parts), tuple(files))


@dataclass(slots=True)
class Part:
    """A line (then it has no marker), or a fenced block; `prefix` is what the block's lines begin
    with inside of lists and quotes, `end` its closing line."""

    opening: str
    prefix: str = ""
    marker: str = ""
    language: str = ""
    lines: list[str] = field(default_factory=list)
    end: str = ""

    @property
    def content(self) -> str:
        return "".join(self.lines)

    @property
    def text(self) -> str:
        return self.opening + self.content

    def is_closed_by(self, line: str) -> bool:
        text = line.strip(" \t>\n")
        return text.startswith(self.marker) and not text.strip(self.marker[0])

    def closed(self) -> str:
        """What ends it where its content breaks off."""
        return f"\n{self.prefix}{self.marker}" if self.marker else ""

    def file(self, name: str) -> File:
        content = "".join(line.removeprefix(self.prefix) for line in self.lines)
        return File(name, content.encode(), mimetypes.guess_type(name)[0] or "text/plain")


def _parts(source: str) -> Iterator[Part]:
    code: Part | None = None
    for line in LINE.findall(source):
        if code is None:
            opening = OPENING.fullmatch(line)
            if opening is None:
                yield Part(line)
            else:
                prefix = NOT_QUOTE.sub(" ", opening[1])
                code = Part(line, prefix, opening[2], opening[3])
        elif code.is_closed_by(line):
            code.end = line
            yield code
            code = None
        else:
            code.lines.append(line)
    if code is not None:
        yield code


def _beginning(text: str, limit: int) -> str:
    """To the end of the first line that ends at or after `limit`, or `SLACK` beyond it."""
    start = max(0, limit)
    newline = text.find("\n", start, start + SLACK)
    return text[: newline if newline >= 0 else start + SLACK]


@lru_cache(maxsize=256)
def extension(language: str) -> str:
    """As the files of this language are called, .txt where nobody knows."""
    try:
        patterns = get_lexer_by_name(language).filenames if language else []
    except ClassNotFound:
        patterns = []
    return next((p[1:] for p in patterns if re.fullmatch(r"\*\.\w+", p)), ".txt")
