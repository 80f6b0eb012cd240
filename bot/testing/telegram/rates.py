"""Flood control: what the FAQ says of sends, edits counted alike, drafts apart.

https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.testing.common.clock import Clock
from bot.testing.telegram.failures import flood


@dataclass(frozen=True, slots=True)
class Window:
    """At most `count` requests in any `seconds`."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Rates:
    """`chat` is about one a second with short bursts; `draft` is nowhere documented, but drafts
    are refused with 429 too (lsdefine/GenericAgent#214)."""

    chat: tuple[Window, ...] = (Window(5, 3.0), Window(20, 18.0))
    group: tuple[Window, ...] = (Window(20, 60.0),)
    overall: tuple[Window, ...] = (Window(30, 1.0),)
    draft: tuple[Window, ...] = (Window(10, 5.0),)


UNLIMITED = Rates(chat=(), group=(), overall=(), draft=())


@dataclass(slots=True)
class Log:
    """When the requests that count were made."""

    times: deque[float] = field(default_factory=deque)

    def wait(self, windows: tuple[Window, ...], now: float) -> float:
        """Seconds until one more is allowed."""
        return max((self._wait(window, now) for window in windows), default=0.0)

    def _wait(self, window: Window, now: float) -> float:
        if len(self.times) < window.count:
            return 0.0
        return max(0.0, self.times[-window.count] + window.seconds - now)

    def add(self, now: float) -> None:
        self.times.append(now)
        while len(self.times) > 100:
            self.times.popleft()


class FloodControl:
    """`refused` counts the 429s that were given."""

    def __init__(self, clock: Clock, rates: Rates):
        self.rates = rates
        self.refused = 0
        self._clock = clock
        self._chats: defaultdict[int, Log] = defaultdict(Log)
        self._drafts: defaultdict[int, Log] = defaultdict(Log)
        self._overall = Log()

    def count(self, chat: int, *, group: bool) -> None:
        """One more send or edit. Raises 429, and then it does not count."""
        windows = self.rates.chat + (self.rates.group if group else ())
        self._spend([(self._chats[chat], windows), (self._overall, self.rates.overall)])

    def count_draft(self, chat: int) -> None:
        self._spend([(self._drafts[chat], self.rates.draft)])

    def _spend(self, logs: list[tuple[Log, tuple[Window, ...]]]) -> None:
        now = self._clock.now()
        wait = max(self._waits(logs, now))
        if wait > 0:
            self.refused += 1
            raise flood(max(1, math.ceil(self._clock.real(wait))))
        for log, _ in logs:
            log.add(now)

    def _waits(self, logs: list[tuple[Log, tuple[Window, ...]]], now: float) -> Iterator[float]:
        return (log.wait(windows, now) for log, windows in logs)
