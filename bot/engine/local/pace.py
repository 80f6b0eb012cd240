"""How fast the worker is, from what it did lately: tokens a second and the wait for a place."""

from __future__ import annotations

from collections import deque

WINDOW_SECONDS = 5.0
WEIGHT = 0.2
"""Of the newest finished request in the running mean."""


class Pace:
    def __init__(self) -> None:
        self._steps: deque[tuple[float, int]] = deque()
        self._service: float | None = None

    def stepped(self, now: float, tokens: int) -> None:
        self._steps.append((now, tokens))
        self._forget(now)

    def finished(self, seconds: float) -> None:
        """A request took so long from its start to its end."""
        old = self._service
        self._service = seconds if old is None else (1 - WEIGHT) * old + WEIGHT * seconds

    def tokens_per_second(self, now: float) -> float:
        self._forget(now)
        if not self._steps:
            return 0.0
        seconds = max(now - self._steps[0][0], 0.1)
        return sum(tokens for _, tokens in self._steps) / seconds

    def seconds_until(self, departures: int, running: int) -> float | None:
        """Until so many of the `running` requests have left; None before any ever has."""
        if self._service is None:
            return None
        return departures * self._service / max(running, 1)

    def _forget(self, now: float) -> None:
        while self._steps and self._steps[0][0] < now - WINDOW_SECONDS:
            self._steps.popleft()
