"""What a captured decode step reads: memory at a fixed place, filled anew for each step."""

from __future__ import annotations

from collections.abc import Sequence as Many
from typing import Any

import torch

from bot.engine.local.sequence import Slice

TOKEN, POSITION, SOURCE, TABLE = 0, 1, 2, 3
"""Columns: the token that is fed and its position, the row of the step before whose choice it is,
and from there on the sequence's blocks."""

SETTINGS = 5


class Inputs:
    """A row is a sequence. There are two of each buffer on the host, since a step is prepared
    while the card may still read the one before."""

    def __init__(self, rows: int, blocks: int, padding: int, device: torch.device) -> None:
        self._buffers = tuple(_Buffer(rows, blocks, padding) for _ in range(2))
        self.numbers = torch.zeros((rows, TABLE + blocks), dtype=torch.int32, device=device)
        self.settings = torch.zeros((SETTINGS, rows), device=device)

    def fill(
        self, size: int, slices: Many[Slice], settings: torch.Tensor, tokens: Many[int]
    ) -> None:
        """For a graph of `size` rows: `tokens` are fed; rows without a slice compute nonsense in
        the padding block."""
        self._send(size, slices, settings, tokens, [0] * len(slices))

    def follow(
        self, size: int, slices: Many[Slice], settings: torch.Tensor, chosen: torch.Tensor,
        sources: Many[int],
    ) -> None:  # fmt: skip
        """The same for tokens that only the card knows yet: each slice's is that of row `sources`
        of those `chosen` by the step before."""
        self._send(size, slices, settings, [0] * len(slices), sources)
        rows = self.numbers[: len(slices)]
        rows[:, TOKEN] = chosen[rows[:, SOURCE].long()].clamp(min=0)

    def _send(
        self, size: int, slices: Many[Slice], settings: torch.Tensor, tokens: Many[int],
        sources: Many[int],
    ) -> None:  # fmt: skip
        self._buffers = self._buffers[::-1]
        buffer = self._buffers[0]
        buffer.sent.synchronize()
        buffer.fill(size, slices, settings, tokens, sources)
        self.numbers[:size].copy_(buffer.numbers[:size], non_blocking=True)
        self.settings[:, :size].copy_(buffer.settings[:, :size], non_blocking=True)
        buffer.sent.record(torch.cuda.current_stream())


class _Buffer:
    """On the host. A row keeps its table of blocks as long as its sequence stays in it and needs
    no further block."""

    def __init__(self, rows: int, blocks: int, padding: int) -> None:
        self.numbers = torch.zeros((rows, TABLE + blocks), dtype=torch.int32).pin_memory()
        self.settings = torch.zeros((SETTINGS, rows)).pin_memory()
        event: Any = torch.cuda.Event
        self.sent = event()
        self._array = self.numbers.numpy()
        self._nothing = [padding]
        self._tables: list[tuple[list[int] | None, int]] = [(None, 0)] * rows

    def fill(
        self, size: int, slices: Many[Slice], settings: torch.Tensor, tokens: Many[int],
        sources: Many[int],
    ) -> None:  # fmt: skip
        count = len(slices)
        self._array[:count, TOKEN] = tokens
        self._array[:count, POSITION] = [each.start for each in slices]
        self._array[:count, SOURCE] = sources
        self._array[count:size, :TABLE] = 0
        for row, each in enumerate(slices):
            self._keep_table(row, each.sequence.blocks)
        for row in range(count, size):
            self._keep_table(row, self._nothing)
        self.settings[:, :count] = settings

    def _keep_table(self, row: int, blocks: list[int]) -> None:
        known, count = self._tables[row]
        if known is not blocks or count != len(blocks):
            self._array[row, TABLE : TABLE + len(blocks)] = blocks
            self._tables[row] = (blocks, len(blocks))
