"""A terminal that remembers what has scrolled off its top."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pyte


class Screen:
    """What a person sees: `text` is everything, `write` is the program's end of it."""

    def __init__(self, columns: int = 60, rows: int = 16) -> None:
        self._screen = pyte.HistoryScreen(columns, rows, history=5_000)
        self._stream = pyte.Stream(self._screen)
        self.changed = asyncio.Event()

    def write(self, data: str) -> int:
        self._stream.feed(data)
        self.changed.set()
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    @property
    def lines(self) -> list[str]:
        scrolled = [_text(line, self._screen.columns) for line in self._screen.history.top]
        return [line.rstrip() for line in (*scrolled, *self._screen.display)]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class Tty(io.StringIO):
    """Stands for a standard stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def _text(line: Any, columns: int) -> str:
    return "".join(line[column].data for column in range(columns))
