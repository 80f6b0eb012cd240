"""Everything at random at once: arrivals, cancellations, faults, memory pressure, counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from bot.engine.local.loaded import LoadedModel
from bot.engine.local.sequence import Slice
from bot.errors import EngineError
from bot.types import Chunk
from tests.engine.conftest import TinyModel
from tests.engine.desk import GREEDY, Desk, load

pytestmark = pytest.mark.slow

STORM = 60
SYSTEM = "You are the keeper of a lighthouse and answer in few words. "


@pytest.fixture(scope="module")
def loaded(tiny_model: TinyModel) -> LoadedModel:
    return load(tiny_model("llama"), kv_tokens=768)


class Storm:
    """`expected` is what each request says in calm weather."""

    def __init__(self, loaded: LoadedModel, seed: int, *, faults: bool) -> None:
        self.random = Random(seed)
        self.desk = Desk(loaded, prefill_chunk=64, max_batch=8)
        self.faults = faults
        self.cancelled: set[int] = set()
        self.requests = [self._request() for _ in range(STORM)]
        self.numbers: list[int] = []

    def _request(self) -> tuple[str, int]:
        words = " ".join(self.random.choices(["wave", "gull", "light", "fog"], k=9))
        beginning = SYSTEM if self.random.random() < 0.6 else ""
        return beginning + words * self.random.randint(1, 3), self.random.randint(1, 24)

    def rage(self) -> None:
        self.desk.on_step = self._on_step
        self.desk.runner.fault = self._fault
        self._arrive(4)
        self.desk.run()

    def _arrive(self, count: int) -> None:
        for text, length in self.requests[len(self.numbers) : len(self.numbers) + count]:
            params = replace(GREEDY, max_new_tokens=length)
            self.numbers.append(self.desk.submit(text, params))

    def _on_step(self, step: int) -> None:
        if self.random.random() < 0.5 or not self.desk.waiting_for:
            self._arrive(self.random.randint(1, 4))
        if self.random.random() < 0.15:
            number = self.random.choice(self.numbers)
            if not self._over(number):
                self.cancelled.add(number)
                self.desk.cancel(number)
        scheduler = self.desk.worker.scheduler
        if self.random.random() < 0.1:
            scheduler.put_back(self.random.randint(0, len(scheduler.running)))

    def _fault(self, slices: Sequence[Slice]) -> None:
        if self.faults and self.random.random() < 0.08:
            raise self.random.choice([MemoryError(), ValueError("lightning")])

    def _over(self, number: int) -> bool:
        return any(
            isinstance(each, EngineError) or (isinstance(each, Chunk) and each.finish)
            for each in self.desk.events[number]
        )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("faults", [False, True])
@pytest.mark.slow
def test_every_stream_of_a_storm_ends_as_it_should(
    loaded: LoadedModel, seed: int, faults: bool
) -> None:
    storm = Storm(loaded, seed, faults=faults)
    storm.rage()
    assert len(storm.numbers) == STORM
    assert storm.desk.reports[-1].status.kv_used == 0
    assert not storm.desk.worker.scheduler.busy
    calm = Desk(replace(loaded, kv_tokens=4096), max_batch=1)
    for number, (text, length) in zip(storm.numbers, storm.requests, strict=True):
        if number in storm.cancelled:
            continue
        alone = calm.submit(text, replace(GREEDY, max_new_tokens=length))
        calm.run()
        last = storm.desk.events[number][-1]
        if isinstance(last, Chunk):
            assert storm.desk.text(number) == calm.text(alone)
        else:
            assert faults
            assert isinstance(last, EngineError)
            assert calm.text(alone).startswith(storm.desk.text(number))
