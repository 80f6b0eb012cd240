"""What crosses the border between people's bytes and the core's text."""

from __future__ import annotations

import re

from bot.types import Post

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_COMMAND = re.compile(r"/([A-Za-z][\w-]*)(?:\s+(.*))?", re.DOTALL)


def storable(typed: str) -> str:
    """`typed` as text that any database and tokenizer takes: no NUL, no lone surrogate."""
    return _UNSTORABLE.sub("\ufffd", typed.replace("\r\n", "\n").replace("\r", "\n")).strip("\n")


def printable(said: str) -> str:
    """`said` without control characters: a reply may not drive the reader's terminal."""
    return _CONTROL.sub("\ufffd", said.replace("\r\n", "\n").replace("\r", "\n"))


def command(line: str) -> tuple[str, str] | None:
    """The name and the arguments of a command such as ``/speed on``; None for other text.

    A path (``/etc/hosts``) is text.
    """
    match = _COMMAND.fullmatch(line.strip())
    return (match[1].lower(), match[2] or "") if match else None


def source(post: Post) -> str:
    """All that a post says, its folded part quoted: a terminal can't fold."""
    quoted = "\n".join(f"> {line}".rstrip() for line in post.collapsible.splitlines())
    return "\n\n".join(filter(None, (post.text, quoted)))
