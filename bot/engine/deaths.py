"""How often an engine died lately: how long to wait with the next start, and when to give up."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

BACKOFF = (0.0, 1.0, 5.0, 15.0, 60.0)
"""Seconds before the start that follows each death; the last one repeats."""

WINDOW = 600.0
"""Seconds that a death counts."""

TOO_MANY = 3
"""Deaths within the window: what is broken is the process, and a new one may do better."""


class Deaths:
    """`clock` gives seconds and never jumps."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._times: deque[float] = deque()

    def record(self) -> None:
        self._times.append(self._clock())

    @property
    def recent(self) -> int:
        while self._times and self._times[0] <= self._clock() - WINDOW:
            self._times.popleft()
        return len(self._times)

    @property
    def too_many(self) -> bool:
        return self.recent >= TOO_MANY

    @property
    def pause(self) -> float:
        """Seconds to wait with the next start."""
        return BACKOFF[min(max(self.recent - 1, 0), len(BACKOFF) - 1)]
