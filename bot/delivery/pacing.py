"""How often a network may be asked: token buckets that slow down when it complains.

All replies in flight share them. Times are the event loop's, in seconds.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count

from bot.types import Limits, Place, Rate

SLOWEST = 16.0
"""A flooded bucket is at most this many times slower than it started."""
RECOVERY = 0.9
"""What each request that went through leaves of that slowness."""
SHORTEST_PAUSE = 0.25
"""Seconds; a network that asks to wait for 0 s is not asked again at once."""
INSTANT = 1e-6
"""Seconds; shorter waits are rounding errors."""
MANY_PLACES = 1_000
"""Beyond these, places that are at rest are forgotten."""


def now() -> float:
    return asyncio.get_running_loop().time()


class Bucket:
    """`rate.burst` requests at once, one more every `rate.seconds`."""

    def __init__(self, rate: Rate):
        self._rate = rate
        self._tokens = float(rate.burst)
        self._slowness = 1.0
        self._counted = now()
        self.paused_until = 0.0

    @property
    def interval(self) -> float:
        """Seconds between requests at this moment."""
        return self._rate.seconds * self._slowness

    @property
    def at_rest(self) -> bool:
        self._count()
        full = self._tokens >= self._rate.burst
        return full and self._slowness == 1.0 and self.paused_until <= now()

    def wait(self) -> float:
        """Seconds until the next request may go."""
        self._count()
        for_token = (1.0 - self._tokens) * self.interval
        return max(for_token, self.paused_until - now(), 0.0)

    def waits(self) -> Iterator[float]:
        """One wait after another, as a flood may come in between, until a request may go."""
        while (seconds := self.wait()) > INSTANT:
            yield seconds

    def spend(self) -> None:
        self._tokens -= 1.0

    def eased(self) -> None:
        """A request went through: come back towards the rate of the start."""
        self._slowness = max(1.0, self._slowness * RECOVERY)

    def flooded(self, retry_after: float) -> None:
        """The network complained: pause, then go on slower, without a burst."""
        self._count()
        if self.paused_until <= now():  # requests that were under way together count once
            self._slowness = min(SLOWEST, self._slowness * 2.0)
        self.paused_until = max(self.paused_until, now() + max(retry_after, SHORTEST_PAUSE))
        self._tokens = min(self._tokens, 1.0)

    def _count(self) -> None:
        """Tokens gained since last counted; none during a pause."""
        moment = now()
        passed = moment - max(self._counted, min(self.paused_until, moment))
        gained = passed / self.interval if self.interval else self._rate.burst
        self._tokens = min(float(self._rate.burst), self._tokens + gained)
        self._counted = moment


class Line:
    """A lock whose waiters are served by urgency, then in order."""

    def __init__(self) -> None:
        self._waiters: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._taken = False

    @property
    def idle(self) -> bool:
        return not self._taken

    @asynccontextmanager
    async def turn(self, *, urgent: bool) -> AsyncIterator[None]:
        if self._taken:
            await self._wait(urgent)
        self._taken = True
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, urgent: bool) -> None:
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiters, (not urgent, next(self._numbers), future))
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Hand the lock to the next; it stays taken meanwhile, so that nobody slips in."""
        while self._waiters:
            *_, future = heapq.heappop(self._waiters)
            if not future.done():
                future.set_result(None)
                return
        self._taken = False


@dataclass(frozen=True, slots=True)
class Queue:
    bucket: Bucket
    line: Line

    async def pass_through(self, *, urgent: bool) -> None:
        async with self.line.turn(urgent=urgent):
            for seconds in self.bucket.waits():
                await asyncio.sleep(seconds)
            self.bucket.spend()


class Pacer:
    """One bucket per place and one for the whole bot, as the adapter's limits say."""

    def __init__(self, limits: Limits):
        self._limits = limits
        self._places: dict[Place, Queue] = {}
        self._overall = Queue(Bucket(limits.overall), Line())

    async def ready(self, place: Place, *, urgent: bool = False) -> None:
        """Wait until a request to this place may go; urgent ones overtake."""
        await self._of(place).pass_through(urgent=urgent)
        await self._overall.pass_through(urgent=urgent)

    def eased(self, place: Place) -> None:
        self._of(place).bucket.eased()
        self._overall.bucket.eased()

    def flooded(self, place: Place, retry_after: float) -> None:
        """A 429 does not say whose limit it was: the bot's, if another place is flooded too."""
        here = self._of(place)
        if any(q.bucket.paused_until > now() for q in self._places.values() if q is not here):
            self._overall.bucket.flooded(retry_after)
        here.bucket.flooded(retry_after)

    def paused(self, place: Place) -> bool:
        """Whether the network has asked to wait."""
        return self._of(place).bucket.paused_until > now()

    def interval(self, place: Place) -> float:
        return self._of(place).bucket.interval

    def _of(self, place: Place) -> Queue:
        rate = self._limits.per_place
        if self._limits.per_group and not place.private:
            rate, place = self._limits.per_group, replace(place, thread="")
        if place not in self._places:
            if len(self._places) >= MANY_PLACES:
                self._forget()
            self._places[place] = Queue(Bucket(rate), Line())
        return self._places[place]

    def _forget(self) -> None:
        resting = [p for p, q in self._places.items() if q.line.idle and q.bucket.at_rest]
        for place in resting:
            del self._places[place]
