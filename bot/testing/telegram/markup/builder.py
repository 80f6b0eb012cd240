"""A text with entities while it is being parsed from a markup."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.testing.telegram import utf16
from bot.testing.telegram.entities import Entity


@dataclass(slots=True)
class Builder:
    text: list[str] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)
    length: int = 0
    """In UTF-16 units."""

    def add(self, text: str) -> None:
        self.text.append(text)
        self.length += utf16.length(text)

    def mark(self, kind: str, start: int, **extra: Any) -> None:
        """Everything since `start`; nothing where that is empty."""
        if self.length > start:
            entity = {"type": kind, "offset": start, "length": self.length - start}
            self.entities.append(entity | extra)

    def result(self) -> tuple[str, list[Entity]]:
        ordered = sorted(self.entities, key=lambda e: (e["offset"], -e["length"]))
        return "".join(self.text), ordered
