"""Tells thoughts from the answer where the server leaves them in one text, between tags.

Servers with a reasoning parser send thoughts apart, and then nothing of this applies. A thought is
at the very start or nowhere; after its end, tags are prose.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from bot.engine.stops import Watch

Kind = Literal["reasoning", "text"]
START, END = "<think>", "</think>"


class Thoughts:
    """`inside` says that the prompt has opened a thought already."""

    def __init__(self, inside: bool = False):
        self.kind: Kind | None = "reasoning" if inside else None
        self._watch = Watch((END,))
        self._blank = ""
        self._trim = inside

    def push(self, text: str) -> Iterator[tuple[Kind, str]]:
        if self._trim:
            text = text.lstrip("\n")
            self._trim = not text
        if not text:
            return
        match self.kind:
            case None:
                yield from self._decide(self._blank + text)
            case "reasoning":
                yield from self._within(text)
            case "text":
                yield "text", text

    def close(self) -> Iterator[tuple[Kind, str]]:
        """What waited for more."""
        if held := self._watch.close() or self._blank:
            yield self.kind or "text", held

    def _decide(self, text: str) -> Iterator[tuple[Kind, str]]:
        letters = text.lstrip()
        if letters.startswith(START):
            self.kind, self._trim, self._blank = "reasoning", True, ""
            yield from self.push(letters.removeprefix(START))
        elif START.startswith(letters):
            self._blank = text
        else:
            self.kind, self._blank = "text", ""
            yield "text", text

    def _within(self, text: str) -> Iterator[tuple[Kind, str]]:
        found = self._watch.push(text)
        if found.before:
            yield "reasoning", found.before
        if found.match:
            self.kind, self._trim = "text", True
            yield from self.push(found.after)
