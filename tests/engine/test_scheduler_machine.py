"""The scheduler under any order of arrivals, steps, failures, cancellations and changing limits."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.engine.local.blocks import BlockPool, name_block
from bot.engine.local.scheduler import Scheduler
from bot.engine.local.sequence import Sequence, Slice

SIZE = 4
PROMPT = st.tuples(st.integers(0, 2), st.integers(1, 30))
"""The first token and the length: prefixes are shared, and blocks that differ only in what stands
before them occur."""


class SchedulerMachine(RuleBasedStateMachine):
    @initialize(blocks=st.integers(10, 24), batch=st.integers(1, 5), chunk=st.integers(1, 20))
    def begin(self, blocks: int, batch: int, chunk: int) -> None:
        self.loop = Scheduler(BlockPool(blocks, SIZE), max_batch=batch, prefill_chunk=chunk)
        self.live: list[Sequence] = []
        self.wanted: dict[Sequence, int] = {}
        self.contents: dict[int, bytes] = {}
        self.arrivals = 0

    @rule(prompt=PROMPT, reply=st.integers(1, 8))
    def arrive(self, prompt: tuple[int, int], reply: int) -> None:
        kind, length = prompt
        tokens = [kind, *range(1, length)]
        sequence = Sequence(tokens, self.arrivals)
        self.arrivals += 1
        self.live.append(sequence)
        self.wanted[sequence] = length + reply
        self.loop.add(sequence)

    @rule()
    def step(self) -> None:
        slices = self.loop.plan()
        self._check(slices)
        self._write(slices)
        self.loop.commit(slices)
        for each in slices:
            if each.samples:
                self._sample(each.sequence)

    @rule()
    def a_step_fails(self) -> None:
        before = [(each, each.computed) for each in self.loop.running]
        self.loop.plan()
        kept = [(each, computed) for each, computed in before if each in self.loop.running]
        assert all(each.computed == computed for each, computed in kept)

    @precondition(lambda self: self.live)
    @rule(which=st.integers(0, 50), keep=st.booleans())
    def leave(self, which: int, keep: bool) -> None:
        sequence = self.live.pop(which % len(self.live))
        self.loop.remove(sequence, keep=keep)

    @rule(batch=st.integers(1, 5), chunk=st.integers(1, 20))
    def limits_change(self, batch: int, chunk: int) -> None:
        self.loop.max_batch, self.loop.prefill_chunk = batch, chunk

    @rule()
    def everything_ends(self) -> None:
        """No starvation: without new arrivals all are done after so many steps."""
        left = sum(self.wanted[each] for each in self.live)
        for _ in range(left * (1 + len(self.live)) + 1):
            if not self.live:
                return
            self.step()
        raise AssertionError(f"still here: {self.live}")

    @invariant()
    def no_block_leaks(self) -> None:
        pool = self.loop.pool
        in_use = {block for each in self.loop.running for block in each.blocks}
        assert pool.available == pool.count - len(in_use)
        assert all(not each.blocks for each in self.loop.waiting)

    @invariant()
    def order_is_kept(self) -> None:
        for line in (self.loop.waiting, self.loop.running):
            arrivals = [each.arrival for each in line]
            assert arrivals == sorted(arrivals)

    @invariant()
    def everybody_is_somewhere(self) -> None:
        assert set(self.live) == {*self.loop.waiting, *self.loop.running}

    def _check(self, slices: list[Slice]) -> None:
        running = self.loop.running
        assert len(running) <= self.loop.max_batch
        assert len({each.sequence for each in slices}) == len(slices)
        prefill = [each for each in slices if each.sequence.pending > 1]
        assert sum(each.count for each in prefill) <= self.loop.prefill_chunk
        if self.live:
            assert slices
            oldest = min(running, key=lambda each: each.arrival)
            assert any(each.sequence is oldest for each in slices)

    def _write(self, slices: list[Slice]) -> None:
        """Each block remembers the tokens that it holds, as the tensors would; whoever computes
        must find in its blocks what it takes to be there."""
        for each in slices:
            sequence = each.sequence
            for index in range(each.start // SIZE):
                assert self.contents[sequence.blocks[index]] == _named(sequence, index)
            for index in range(each.start // SIZE, -(-each.end // SIZE)):
                filled = _named(sequence, index) if (index + 1) * SIZE <= each.end else b""
                assert self.loop.pool.private([sequence.blocks[index]])
                self.contents[sequence.blocks[index]] = filled

    def _sample(self, sequence: Sequence) -> None:
        sequence.tokens.append(len(sequence.tokens) % 7)
        if len(sequence.tokens) >= self.wanted[sequence]:
            self.live.remove(sequence)
            self.loop.remove(sequence)


def _named(sequence: Sequence, index: int) -> bytes:
    name = b""
    for block in range(index + 1):
        name = name_block(name, sequence.tokens[block * SIZE : (block + 1) * SIZE])
    return name


SchedulerMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None
)
TestScheduler = SchedulerMachine.TestCase
