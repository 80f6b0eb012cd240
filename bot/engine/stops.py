"""Finds the first of some strings in text that comes in pieces.

Used for stop strings and for tags that are no tokens of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Found(NamedTuple):
    """`before` is free to show; `match` is the string found, with what followed it in `after`."""

    before: str
    match: str | None = None
    after: str = ""


class Watch:
    """Holds back only what may still become one of `strings`. The first to be complete counts,
    so that it makes no difference how the text is cut."""

    def __init__(self, strings: Sequence[str]):
        self._strings = tuple(string for string in strings if string)
        self._longest = max(map(len, self._strings), default=0)
        self._held = ""

    def push(self, text: str) -> Found:
        text, self._held = self._held + text, ""
        starts = ((text.find(string), string) for string in self._strings)
        ends = [(start + len(string), start) for start, string in starts if start >= 0]
        if ends:
            end, start = min(ends)
            return Found(text[:start], text[start:end], text[end:])
        start = self._possible_start(text)
        self._held = text[start:]
        return Found(text[:start])

    def close(self) -> str:
        """What was held back and became nothing."""
        held, self._held = self._held, ""
        return held

    def _possible_start(self, text: str) -> int:
        for start in range(max(0, len(text) - self._longest + 1), len(text)):
            if any(string.startswith(text[start:]) for string in self._strings):
                return start
        return len(text)
