"""Rate limits: buckets told in headers, one limit over all, and a ban for those who don't listen.

https://docs.discord.com/developers/topics/rate-limits
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.testing.common.clock import Clock
from bot.testing.discord.failures import Banned, rate_limited


@dataclass(frozen=True, slots=True)
class Window:
    """At most `count` requests in `seconds`, which begin with the first."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Rates:
    """`routes` are by name, those without an own one have `other`; each counts for itself in every
    channel, guild or webhook. `invalid` are the answers 401, 403 and 429 that lead to a ban."""

    routes: Mapping[str, Window] = field(
        default_factory=lambda: {
            "send_message": Window(5, 5.0),
            "edit_message": Window(5, 5.0),
            "delete_message": Window(5, 1.0),
            "bulk_delete": Window(1, 1.0),
            "start_typing": Window(5, 5.0),
            "followup": Window(5, 2.0),
            "edit_followup": Window(5, 2.0),
            "put_commands": Window(2, 60.0),
        }
    )
    other: Window = Window(10, 1.0)
    overall: Window = Window(50, 1.0)
    invalid: Window = Window(10_000, 600.0)


_MANY = Window(1_000_000, 1.0)
UNLIMITED = Rates({}, _MANY, _MANY, _MANY)

EXEMPT = frozenset({"callback", "followup", "edit_followup", "get_followup", "delete_followup"})
"""Interactions are not part of the limit over all."""


@dataclass(slots=True)
class Bucket:
    """`resets` is on the server's clock."""

    window: Window
    used: int = 0
    resets: float = 0.0

    def spend(self, now: float) -> bool:
        if now >= self.resets:
            self.used, self.resets = 0, now + self.window.seconds
        self.used += 1
        return self.used <= self.window.count


class Limiter:
    """`refused` lists the 429s that were given, as (route, scope)."""

    def __init__(self, clock: Clock, rates: Rates):
        self.rates = rates
        self.refused: list[tuple[str, str]] = []
        self._clock = clock
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._overall: deque[float] = deque()
        self._invalid: deque[float] = deque()

    def spend(self, route: str, major: str) -> dict[str, str]:
        """One more request; returns the headers that tell of its bucket. Raises 429 or Banned."""
        now = self._clock.now()
        if _count(self._invalid, self.rates.invalid, now) >= self.rates.invalid.count:
            raise Banned
        if route not in EXEMPT:
            self._spend_overall(route, now)
        bucket = self._bucket(route, major)
        fine = bucket.spend(now)
        headers = self._headers(route, bucket, now)
        if not fine:
            self.refused.append((route, "user"))
            raise rate_limited(self._clock.real(bucket.resets - now), headers=headers)
        return headers

    def invalid(self, status: int) -> None:
        """Somebody else's use of a shared bucket doesn't count."""
        if status in (401, 403, 429):
            self._invalid.append(self._clock.now())

    def _bucket(self, route: str, major: str) -> Bucket:
        if (route, major) not in self._buckets:
            window = self.rates.routes.get(route, self.rates.other)
            self._buckets[route, major] = Bucket(window)
        return self._buckets[route, major]

    def _spend_overall(self, route: str, now: float) -> None:
        window = self.rates.overall
        if _count(self._overall, window, now) >= window.count:
            self.refused.append((route, "global"))
            wait = self._overall[0] + window.seconds - now
            raise rate_limited(self._clock.real(wait), scope="global")
        self._overall.append(now)

    def _headers(self, route: str, bucket: Bucket, now: float) -> dict[str, str]:
        after = self._clock.real(bucket.resets - now)
        return {
            "X-RateLimit-Bucket": hashlib.md5(route.encode(), usedforsecurity=False).hexdigest(),
            "X-RateLimit-Limit": str(bucket.window.count),
            "X-RateLimit-Remaining": str(max(0, bucket.window.count - bucket.used)),
            "X-RateLimit-Reset": f"{self._clock.unix() + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
        }


def _count(times: deque[float], window: Window, now: float) -> int:
    while times and times[0] <= now - window.seconds:
        times.popleft()
    return len(times)
