"""Which step most likely follows a decode step: the same sequences, each with the token that was
chosen for it. It can be sent to the card before anybody has seen those tokens.

A wrong guess costs the time of that step and nothing else: what it wrote into the cache lies
beyond what is known there, and is written again before it is read, since the card works in order.
"""

from __future__ import annotations

from collections.abc import Sequence as Many

from bot.engine.local.sampler import is_plain
from bot.engine.local.sampling import SamplingState
from bot.engine.local.sequence import Slice


class Guess:
    """`slices` with the `states` that choose for them; `expected` are the tokens that they feed,
    once these are known."""

    def __init__(
        self, slices: Many[Slice], states: Many[SamplingState], blocks: Many[int], size: int
    ) -> None:
        self.slices = slices
        self.expected: list[int] = []
        self._uniforms = [state.next_uniform for state in states]
        self._states, self._blocks, self._size = states, blocks, size
        self._row = {each.sequence: row for row, each in enumerate(slices)}

    def rows(self, slices: Many[Slice], states: Many[SamplingState]) -> list[int] | None:
        """Where the guess has computed each of `slices`; None if it lacks one."""
        found = [self._row.get(each.sequence) for each in slices]
        rows = [row for row in found if row is not None]
        right = len(rows) == len(slices) and all(map(self._computed, rows, slices, states))
        return rows if right else None

    def _computed(self, row: int, each: Slice, state: SamplingState) -> bool:
        return (
            self.slices[row].start == each.start
            and self.expected[row] == each.sequence.tokens[each.start]
            and self._blocks[row] == each.sequence.blocks[each.start // self._size]
            and self._states[row] is state
            and self._uniforms[row] == state.uniform
        )


def guess(slices: Many[Slice], states: Many[SamplingState], size: int) -> Guess | None:
    """Nothing follows where a choice needs the host, a sequence another block of `size`, or where
    all end: a prompt that comes next need not wait for a step that nobody wants."""
    following = [Slice(each.sequence, each.start + 1, each.end + 1) for each in slices]
    if not all(map(is_plain, states)):
        return None
    if all(state.generated + 1 >= state.params.max_new_tokens for state in states):
        return None
    if any(each.start // size >= len(each.sequence.blocks) for each in following):
        return None
    blocks = [each.sequence.blocks[each.start // size] for each in following]
    return Guess(following, states, blocks, size)
