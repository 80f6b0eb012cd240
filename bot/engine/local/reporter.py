"""What the worker tells the event loop: one letter a step, with all that the step gave."""

from __future__ import annotations

import time
from collections.abc import Mapping

from bot.engine.local.generation import Generation
from bot.engine.local.mailbox import Event, Outbox, Report
from bot.engine.local.pace import Pace
from bot.engine.local.scheduler import Scheduler
from bot.types import EngineStatus, Waiting


class Reporter:
    """`memory` is what the model and its cache hold, in bytes."""

    def __init__(self, outbox: Outbox, scheduler: Scheduler, memory: int) -> None:
        self.pace = Pace()
        self._outbox, self._scheduler, self._memory = outbox, scheduler, memory
        self._events: list[tuple[int, Event]] = []

    def tell(self, number: int, *events: Event) -> None:
        """With the next letter."""
        self._events += [(number, event) for event in events]

    def send(self, generations: Mapping[int, Generation]) -> None:
        self._tell_positions(generations)
        events, self._events = self._events, []
        place = self.pace.seconds_until(1, len(self._scheduler.running))
        self._outbox(Report(events, self._status(), place))

    def _tell_positions(self, generations: Mapping[int, Generation]) -> None:
        """From a request's second step in line on: most are in it for one step at most."""
        for position, sequence in enumerate(self._scheduler.waiting, start=1):
            generation = generations[sequence.arrival]
            if sequence.started or generation.position == position:
                continue
            if generation.position is None:
                generation.position = 0
                continue
            generation.position = position
            seconds = self.pace.seconds_until(position, len(self._scheduler.running))
            self.tell(generation.id, Waiting(position, seconds))

    def _status(self) -> EngineStatus:
        scheduler, pool = self._scheduler, self._scheduler.pool
        speed = self.pace.tokens_per_second(time.monotonic()) if scheduler.running else 0.0
        return EngineStatus(
            queued=len(scheduler.waiting),
            running=len(scheduler.running),
            room=scheduler.room,
            tokens_per_second=speed,
            kv_used=1 - pool.available / pool.count,
            memory=self._memory,
        )
