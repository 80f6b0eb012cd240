"""A text that grows at its end, and the entities over it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from telegram import MessageEntity


def length(text: str) -> int:
    """In UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class Writer:
    """`length` is in UTF-16 code units."""

    def __init__(self) -> None:
        self.length = 0
        self.entities: list[MessageEntity] = []
        self._parts: list[str] = []
        self._open: dict[str, tuple[int, str | None]] = {}

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def add(self, text: str) -> None:
        self._parts.append(text)
        self.length += length(text)

    @contextmanager
    def marked(
        self, kind: str, *, url: str | None = None, language: str | None = None
    ) -> Iterator[None]:
        """An entity over what is added within; for quotes and for code by itself."""
        start = self.length
        yield
        self._mark(kind, start, url, language)

    @contextmanager
    def styled(self, kind: str, url: str | None = None) -> Iterator[None]:
        """As `marked`, but it stops for code, which may be part of no other entity; a style
        within the same style is none."""
        if kind in self._open:
            yield
            return
        self._open[kind] = (self.length, url)
        yield
        start, url = self._open.pop(kind)
        self._mark(kind, start, url)

    def code(self, text: str) -> None:
        for kind, (start, url) in self._open.items():
            self._mark(kind, start, url)
        with self.marked("code"):
            self.add(text)
        self._open = {kind: (self.length, url) for kind, (_, url) in self._open.items()}

    def trim(self) -> None:
        """As Telegram will: no whitespace at the ends, but what an entity begins with stays."""
        text = self.text.rstrip()
        first = min((e.offset for e in self.entities), default=length(text))
        cut = min(len(text) - len(text.lstrip()), first)  # whitespace is one unit a character
        self._parts = [text[cut:]]
        self.length = length(self._parts[0])
        self.entities = [moved for e in self.entities if (moved := self._moved(e, cut))]

    def _moved(self, entity: MessageEntity, back: int) -> MessageEntity | None:
        offset = entity.offset - back
        units = min(entity.length, self.length - offset)
        if units <= 0:
            return None
        return MessageEntity(entity.type, offset, units, url=entity.url, language=entity.language)

    def _mark(
        self, kind: str, start: int, url: str | None = None, language: str | None = None
    ) -> None:
        if self.length > start:
            entity = MessageEntity(kind, start, self.length - start, url=url, language=language)
            self.entities.append(entity)
