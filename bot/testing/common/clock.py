"""The server's time: as fast as a test likes for windows and time-outs, true for dates."""

from __future__ import annotations

import time


class Clock:
    """`speed` makes rate windows, drafts and callback time-outs pass that many times faster;
    `skew` (seconds) puts the dates of messages and of HTTP answers ahead of this machine's."""

    def __init__(self, speed: float = 1.0, skew: float = 0.0):
        self.speed, self.skew = speed, skew
        self._started = time.monotonic()
        self._advanced = 0.0

    def now(self) -> float:
        """Seconds since the start, of the server's own time."""
        return (time.monotonic() - self._started) * self.speed + self._advanced

    def advance(self, seconds: float) -> None:
        self._advanced += seconds

    def real(self, seconds: float) -> float:
        """How long the client has to wait for that much of the server's time."""
        return seconds / self.speed

    def date(self) -> int:
        """Unix time."""
        return int(self.unix())

    def unix(self) -> float:
        return time.time() + self.skew
