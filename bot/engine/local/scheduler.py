"""What the next step computes: continuous batching with chunked prefill, first come first served.

Every running sequence decodes in every step; prompts share a budget of tokens beside them. When
the blocks run out, the youngest sequence is put back and computed again later: the oldest always
goes on, so all of them end. Pure Python, without torch, threads or clocks.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator
from operator import attrgetter

from bot.engine.local.blocks import BlockPool
from bot.engine.local.sequence import Sequence, Slice

_arrival = attrgetter("arrival")


class Scheduler:
    """`waiting` and `running` are in the order of arrival. Running sequences get blocks for
    `ahead` tokens more than they have, as long as that takes none from anybody."""

    def __init__(
        self, pool: BlockPool, *, max_batch: int, prefill_chunk: int, ahead: int = 0
    ) -> None:
        self.pool = pool
        self._ahead = ahead
        self.max_batch = max_batch
        self.prefill_chunk = prefill_chunk
        self.waiting: list[Sequence] = []
        self.running: list[Sequence] = []

    @property
    def capacity(self) -> int:
        """The longest sequence that can be computed, in tokens."""
        return self.pool.count * self.pool.size

    @property
    def busy(self) -> bool:
        return bool(self.waiting or self.running)

    @property
    def room(self) -> int:
        """How many more, of the usual size, would be started at once."""
        if self.waiting:
            return 0
        places = max(0, self.max_batch - len(self.running))
        if not self.running:
            return places
        usual = sum(len(each.blocks) for each in self.running) // len(self.running) + 1
        return min(places, max(0, self.pool.available - len(self.running)) // usual)

    def add(self, sequence: Sequence) -> None:
        """`sequence` must never grow beyond `capacity`."""
        insort(self.waiting, sequence, key=_arrival)

    def remove(self, sequence: Sequence, *, keep: bool = True) -> None:
        """Finished, cancelled or failed. `keep=False` if what it computed can't be trusted."""
        (self.running if sequence in self.running else self.waiting).remove(sequence)
        self._release(sequence, keep=keep)

    def put_back(self, count: int) -> None:
        """Let the `count` youngest sequences wait; they start anew when there is room."""
        for _ in range(count):
            sequence = self.running.pop()
            self._release(sequence)
            insort(self.waiting, sequence, key=_arrival)

    def plan(self) -> list[Slice]:
        """What to compute now; blocks for it are reserved. Planning again instead of `commit` is
        allowed, and gives the same or, after a change of limits, less."""
        self.put_back(max(0, len(self.running) - self.max_batch))
        for sequence in list(self.running):
            if sequence in self.running:
                self._reserve(sequence)
        decodes = [_slice(sequence, 1) for sequence in self.running if sequence.pending == 1]
        return decodes + list(self._prefills())

    def commit(self, slices: Iterable[Slice]) -> None:
        """The step succeeded: what it computed is in the cache and can be found there."""
        for each in slices:
            sequence, size = each.sequence, self.pool.size
            names = sequence.name_full_blocks(size, each.end)
            for index in range(each.start // size, each.end // size):
                self.pool.publish(sequence.blocks[index], names[index])
            sequence.computed = each.end

    def _prefills(self) -> Iterator[Slice]:
        """Prompts share the budget, the oldest first. One that is longer than a whole chunk leaves
        half of what is left to those behind it: a document doesn't hold up a greeting."""
        left = self.prefill_chunk
        begun: set[bytes] = set()
        candidates = [sequence for sequence in self.running if sequence.pending > 1]
        queue = [*candidates, *self.waiting]
        for position, sequence in enumerate(queue):
            if left == 0:
                return
            if sequence not in candidates:
                if self._next_name(sequence) in begun:
                    continue  # somebody computes this very block now; in the next step it's there
                if not self._start(sequence):
                    return
            long = sequence.pending > self.prefill_chunk and position + 1 < len(queue)
            piece = _slice(sequence, max(1, left // 2) if long else left)
            left -= piece.count
            if self.pool.keeps:
                begun.update(self._names_in(piece))
            yield piece

    def _start(self, sequence: Sequence) -> bool:
        """Give a waiting sequence its place and all blocks of its prompt, if there is room, and
        keep one block more for each that runs already: it will soon need it."""
        found = self._cached(sequence)
        fresh = self.pool.blocks_for(len(sequence.tokens)) - len(found)
        room = self.pool.available - self.pool.idle(found) - len(self.running)
        if len(self.running) >= self.max_batch or (self.running and fresh > room):
            return False
        self.pool.share(found)
        sequence.blocks = found + self.pool.take(fresh)
        sequence.computed = len(found) * self.pool.size
        if not sequence.started:
            sequence.started, sequence.reused = True, sequence.computed
        self.waiting.remove(sequence)
        insort(self.running, sequence, key=_arrival)
        return True

    def _cached(self, sequence: Sequence) -> list[int]:
        return self.pool.find(self._prompt_names(sequence))

    def _next_name(self, sequence: Sequence) -> bytes | None:
        names = self._prompt_names(sequence)
        found = len(self.pool.find(names))
        return names[found] if found < len(names) else None

    def _prompt_names(self, sequence: Sequence) -> list[bytes]:
        """Of all full blocks but the last token's: that one is computed in any case, since the
        next token is sampled from it."""
        return sequence.name_full_blocks(self.pool.size, len(sequence.tokens) - 1)

    def _names_in(self, piece: Slice) -> list[bytes]:
        size = self.pool.size
        return piece.sequence.name_full_blocks(size, piece.end)[piece.start // size :]

    def _reserve(self, sequence: Sequence) -> None:
        """Blocks for all tokens of a running sequence; younger ones make room, or it itself."""
        missing = self.pool.blocks_for(len(sequence.tokens)) - len(sequence.blocks)
        while missing > self.pool.available:
            self.put_back(1)
            if sequence not in self.running:
                return
        sequence.blocks += self.pool.take(missing)
        more = self.pool.blocks_for(len(sequence.tokens) + self._ahead) - len(sequence.blocks)
        if 0 < more <= self.pool.available - len(self.running):
            sequence.blocks += self.pool.take(more)

    def _release(self, sequence: Sequence, *, keep: bool = True) -> None:
        self.pool.release(sequence.blocks, keep=keep)
        sequence.blocks, sequence.computed = [], 0


def _slice(sequence: Sequence, budget: int) -> Slice:
    count = min(sequence.pending, budget)
    return Slice(sequence, sequence.computed, sequence.computed + count)
