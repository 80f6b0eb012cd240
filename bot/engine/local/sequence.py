"""One request's tokens, and how many of them are in the KV cache."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.engine.local.blocks import name_block


@dataclass(eq=False, slots=True)
class Sequence:
    """`tokens` are the prompt's and what was generated since; the keys and values of the first
    `computed` of them are in `blocks`. `arrival` orders sequences; `reused` tokens came from
    the cache when the sequence first started. Only the scheduler changes what follows `arrival`.
    """

    tokens: list[int]
    arrival: int
    computed: int = 0
    reused: int = 0
    started: bool = False
    blocks: list[int] = field(default_factory=list)
    names: list[bytes] = field(default_factory=list)

    @property
    def pending(self) -> int:
        return len(self.tokens) - self.computed

    def name_full_blocks(self, size: int, tokens: int) -> list[bytes]:
        """The names of the blocks that the first `tokens` tokens fill; each is computed once."""
        full = tokens // size
        while len(self.names) < full:
            parent = self.names[-1] if self.names else b""
            start = len(self.names) * size
            self.names.append(name_block(parent, self.tokens[start : start + size]))
        return self.names[:full]


@dataclass(frozen=True, slots=True)
class Slice:
    """Tokens `start` to `end` of a sequence, to be computed in one step."""

    sequence: Sequence
    start: int
    end: int

    @property
    def count(self) -> int:
        return self.end - self.start

    @property
    def samples(self) -> bool:
        """Whether the step yields the sequence's next token."""
        return self.end == len(self.sequence.tokens)


def slots_of(slices: Iterable[Slice], size: int) -> list[int]:
    """Where in a cache of blocks of `size` each of their tokens belongs, counted in tokens."""
    return [each.sequence.blocks[at // size] * size + at % size
            for each in slices for at in range(each.start, each.end)]  # fmt: skip
