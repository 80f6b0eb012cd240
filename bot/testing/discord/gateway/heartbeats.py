"""When heartbeats came, so that a test can ask whether the bot's loop ever starved."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

PATIENCE = 1.5
"""A connection whose heartbeat is overdue by half an interval is closed."""


@dataclass(frozen=True, slots=True)
class Beat:
    """`after` is how many seconds (real ones) had passed since HELLO or the beat before."""

    connection: int
    after: float


@dataclass(slots=True)
class Pulse:
    """One connection's."""

    connection: int
    last: float = field(default_factory=time.monotonic)

    @property
    def silence(self) -> float:
        return time.monotonic() - self.last


class Heartbeats:
    """`interval` (seconds) is what clients are told; `beats` came, `missed` were still due when
    their connection ended."""

    def __init__(self, interval: float):
        self.interval = interval
        self.beats: list[Beat] = []
        self.missed: list[Beat] = []
        self._open: dict[int, Pulse] = {}

    def start(self, connection: int) -> Pulse:
        self._open[connection] = Pulse(connection)
        return self._open[connection]

    def beat(self, pulse: Pulse) -> None:
        self.beats.append(Beat(pulse.connection, pulse.silence))
        pulse.last = time.monotonic()

    def stop(self, pulse: Pulse) -> None:
        del self._open[pulse.connection]
        if pulse.silence > self.interval:
            self.missed.append(Beat(pulse.connection, pulse.silence))

    def left(self, pulse: Pulse) -> float:
        """Seconds until it counts as dead."""
        return self.interval * PATIENCE - pulse.silence

    @property
    def longest(self) -> float:
        """The longest time between two beats, those that are due now included, in seconds."""
        return max((beat.after for beat in self._all), default=0.0)

    @property
    def _all(self) -> list[Beat]:
        waiting = [Beat(pulse.connection, pulse.silence) for pulse in self._open.values()]
        return [*self.beats, *self.missed, *waiting]

    def late(self, slack: float = 1.0) -> list[Beat]:
        """Those that came more than `slack` seconds after they were due."""
        return [beat for beat in self._all if beat.after > self.interval + slack]
