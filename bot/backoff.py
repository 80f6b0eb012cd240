"""How long to wait before another attempt: twice as long each time, and with jitter."""

from __future__ import annotations

import asyncio
import random

FIRST, LONGEST = 0.5, 30.0


class Backoff:
    """`first` and `longest` are in seconds."""

    def __init__(self, first: float = FIRST, longest: float = LONGEST):
        self._first, self._longest = first, longest
        self._attempts = 0

    @property
    def failing(self) -> bool:
        return self._attempts > 0

    def reset(self) -> None:
        self._attempts = 0

    async def wait(self) -> None:
        longest = min(self._longest, self._first * 2.0 ** min(self._attempts, 10))
        self._attempts += 1
        await asyncio.sleep(longest * random.uniform(0.5, 1.0))  # noqa: S311 – not a secret
