"""Out of memory: smaller steps until it fits, then gently back to the configured size."""

from __future__ import annotations

from bot.engine.local.scheduler import Scheduler

STEPS_TO_GROW = 64
SMALLEST_CHUNK = 16


class Pressure:
    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._max_batch, self._prefill_chunk = scheduler.max_batch, scheduler.prefill_chunk
        self._calm = 0

    def shrink(self) -> bool:
        """Half the sequences and half the prompt tokens a step; False if that is no less.
        Sequences beyond the new limit are put back by the next plan, the youngest first."""
        scheduler, self._calm = self._scheduler, 0
        before = (scheduler.max_batch, scheduler.prefill_chunk)
        scheduler.max_batch = max(1, min(scheduler.max_batch, len(scheduler.running)) // 2)
        scheduler.prefill_chunk = max(
            min(SMALLEST_CHUNK, self._prefill_chunk), scheduler.prefill_chunk // 2
        )
        return before != (scheduler.max_batch, scheduler.prefill_chunk)

    def succeeded(self) -> None:
        """A step went well; after some in a row, dare twice as much."""
        scheduler = self._scheduler
        limits = (self._max_batch, self._prefill_chunk)
        if (scheduler.max_batch, scheduler.prefill_chunk) == limits:
            return
        self._calm += 1
        if self._calm == STEPS_TO_GROW:
            self._calm = 0
            scheduler.max_batch = min(self._max_batch, scheduler.max_batch * 2)
            scheduler.prefill_chunk = min(self._prefill_chunk, scheduler.prefill_chunk * 2)
