"""How thinking is shown: one calm line, and the thoughts themselves for who wants them."""

from __future__ import annotations

from bot import texts
from bot.types import File, Limits, Post, Unit

MORE = "…"
ROOM = 16
"""Units kept free for what stands between a line and the thoughts beneath it."""


class Stopwatch:
    """Seconds and speed of the thinking; stands still once it is over."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None
        self._last: tuple[float | None, float] = (None, 0.0)

    def run(self, started: float, tokens: int, now: float) -> tuple[float | None, float]:
        """Returns tokens a second, and seconds; the prompt's own time is no part of the speed."""
        if self._first is None and tokens:
            self._first = (now, tokens)
        self._last = (self._speed(tokens, now), max(0.0, now - started))
        return self._last

    @property
    def stopped(self) -> tuple[float | None, float]:
        return self._last

    def _speed(self, tokens: int, now: float) -> float | None:
        if self._first is None or now - self._first[0] < 1.0:
            return None
        return (tokens - self._first[1]) / (now - self._first[0])


def beneath(line: str, reasoning: str, limits: Limits) -> Post:
    """The line with the newest thoughts under it, as many as fit: folded where the network folds,
    else quoted."""
    room = limits.length - limits.unit.count(line) - ROOM
    if limits.collapsible:
        return Post(line, collapsible=newest(reasoning.strip(), room, limits.unit))
    return Post(f"{line}\n\n{quote(reasoning.strip(), room, limits.unit)}".rstrip())


def on_demand(reasoning: str, limits: Limits) -> Post:
    """All the thoughts: folded or quoted, in a file where they are long.

    Where the network takes no files, the text may be longer than a post and wants splitting.
    """
    reasoning = reasoning.strip()
    if not reasoning:
        return Post(texts.NO_THOUGHTS())
    fits = limits.unit.count(reasoning) <= limits.length - len(texts.THOUGHTS()) - ROOM
    if fits and limits.collapsible:
        return Post(texts.THOUGHTS(), collapsible=reasoning)
    quoted = "\n".join(quoted_line(line) for line in reasoning.splitlines())
    if not limits.files or limits.unit.count(quoted) <= limits.length:
        return Post(quoted)
    return Post(texts.THOUGHTS(), files=(File("thoughts.md", reasoning.encode(), "text/markdown"),))


def newest(text: str, room: int, unit: Unit) -> str:
    """The end of `text`, from a word's start, in at most `room` units."""
    if unit.count(text) <= room:
        return text
    if room <= len(MORE):
        return ""
    tail = text[-(room - len(MORE)) :]
    while (over := unit.count(tail) + len(MORE) - room) > 0:
        tail = tail[over:]
    _, space, whole_words = tail.partition(" ")
    return MORE + (whole_words if space else tail)


def quote(text: str, room: int, unit: Unit) -> str:
    """The end of `text` as a block quote in at most `room` units."""
    kept: list[str] = []
    for line in reversed(text.splitlines()):
        size = unit.count(quoted_line(line)) + 1
        if size > room:
            kept.append(quoted_line(newest(line, room - len("> ") - 1, unit)))
            break
        kept.append(quoted_line(line))
        room -= size
    return "\n".join(reversed(kept))


def quoted_line(line: str) -> str:
    return f"> {line}".rstrip()
