"""Cuts a text into pieces that a network takes."""

from __future__ import annotations

from dataclasses import dataclass

from bot.types import Unit


@dataclass(frozen=True, slots=True)
class Piece:
    """`text` is a document of its own; `source` is the part of the whole that it shows."""

    text: str
    source: str


class Splitter:
    """Splits a text that grows at its end."""

    def __init__(self, length: int, unit: Unit):
        self._length, self._unit = length, unit

    def grow(self, source: str) -> list[Piece]:
        """The pieces of `source`, which starts with what was given before."""
        size = self._length // 2
        parts = [source[at : at + size] for at in range(0, len(source), size)]
        return [Piece(part, part) for part in parts]
