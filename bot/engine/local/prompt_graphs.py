"""Steps of few tokens, pieces of prompts among them, as CUDA graphs: the first token of an answer
to a short message waits for the card, not for the host that launches a thousand kernels."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Many
from typing import Any, NamedTuple

import torch

from bot.engine.local.forward import Forward
from bot.engine.local.kernels.step import KernelStep
from bot.engine.local.kernels.tiles import Tiles, tiles_of
from bot.engine.local.kvcache import KVCache
from bot.engine.local.sequence import Slice, slots_of

SIZES = (16, 32, 64, 80, 96, 128)
"""Tokens. The 4-bit product takes them by 64, and the rest by 16 or 32; of more than 128 the card
has enough to do while the host launches."""
SEQUENCES = 8
"""In one such step, at most."""


class Inputs(NamedTuple):
    """Of int32, views of one tensor, so that they go to the card at once. Of each token its id,
    position and slot; blocks [SEQUENCES, most]; tiles [n, 4]; which rows' logits are wanted."""

    ids: torch.Tensor
    positions: torch.Tensor
    slots: torch.Tensor
    blocks: torch.Tensor
    tiles: torch.Tensor
    rows: torch.Tensor


class PromptInputs:
    """Of a step of up to `size` tokens, in one tensor of `length` numbers. Rows without a token
    compute nonsense in the padding block."""

    def __init__(self, size: int, cache: KVCache, most_blocks: int, width: int) -> None:
        self._cache, self._width = cache, width
        tiles = (size + SEQUENCES * (width - 1)) // width
        self._parts = [size, size, size, SEQUENCES * most_blocks, 4 * tiles, SEQUENCES]
        self.length = sum(self._parts)

    def fill(self, numbers: torch.Tensor, slices: Many[Slice], rows: Many[int]) -> None:
        """`rows` of the packed slices are those whose logits are wanted."""
        inputs = self._views(numbers)
        tokens = [token for each in slices for token in each.sequence.tokens[each.start : each.end]]
        positions = [at for each in slices for at in range(each.start, each.end)]
        spare = self._cache.padding_block * self._cache.block_size
        _fill(inputs.ids, tokens)
        _fill(inputs.positions, positions)
        _fill(inputs.slots, slots_of(slices, self._cache.block_size), spare)
        _fill(inputs.tiles.view(-1), [n for tile in tiles_of(slices, self._width) for n in tile])
        _fill(inputs.rows, rows)
        for row, each in zip(inputs.blocks, slices, strict=False):
            row[: len(each.sequence.blocks)] = torch.tensor(each.sequence.blocks)

    def compute(self, numbers: torch.Tensor, forward: Forward) -> torch.Tensor:
        """Logits [SEQUENCES, vocabulary]; asks the host nothing about the numbers."""
        inputs = self._views(numbers)
        window = inputs.blocks.shape[1] * self._cache.block_size
        used = -(-len(inputs.ids) // self._width)
        tiles = Tiles(inputs.tiles, self._width, longest=window, used=used)
        step = KernelStep(self._cache, inputs.blocks, inputs.slots.long(), [tiles])
        return forward(inputs.ids.long(), inputs.positions.long(), step, inputs.rows.long())

    def _views(self, numbers: torch.Tensor) -> Inputs:
        parts: Any = torch.split(numbers, self._parts)
        ids, positions, slots, blocks, tiles, rows = parts
        return Inputs(ids, positions, slots, blocks.view(SEQUENCES, -1), tiles.view(-1, 4), rows)


def _fill(target: torch.Tensor, numbers: Many[int], rest: int = 0) -> None:
    target[: len(numbers)] = torch.tensor(numbers, dtype=torch.int32)
    target[len(numbers) :] = rest


class PromptGraph:
    """A step with `inputs`, captured."""

    def __init__(self, inputs: PromptInputs, device: torch.device) -> None:
        self._inputs = inputs
        self._host = torch.zeros(inputs.length, dtype=torch.int32).pin_memory()
        self._card = torch.zeros_like(self._host, device=device)
        self._graph = torch.cuda.CUDAGraph()
        event: Any = torch.cuda.Event
        self._sent = event()

    def capture(self, forward: Forward, pool: Any) -> None:
        self._send([], [])
        self._inputs.compute(self._card, forward)
        torch.cuda.synchronize()
        with torch.cuda.graph(self._graph, pool=pool):
            self._logits = self._inputs.compute(self._card, forward)

    def run(self, slices: Many[Slice], rows: Many[int]) -> torch.Tensor:
        """Logits of these rows of the packed `slices`."""
        self._send(slices, rows)
        self._graph.replay()
        return self._logits[: len(rows)].clone()

    def _send(self, slices: Many[Slice], rows: Many[int]) -> None:
        self._sent.synchronize()
        self._inputs.fill(self._host, slices, rows)
        self._card.copy_(self._host, non_blocking=True)
        self._sent.record(torch.cuda.current_stream())


class PromptGraphs:
    """The smallest that holds a step runs it."""

    def __init__(self, cache: KVCache, most_blocks: int, width: int, device: torch.device) -> None:
        self._of = {
            size: PromptGraph(PromptInputs(size, cache, most_blocks, width), device)
            for size in SIZES
        }

    def capture(self, forward: Forward, pool: Any) -> Iterator[float]:
        """The largest size comes first, and the others share its memory. Yields what is done."""
        for done, size in enumerate(reversed(SIZES), 1):
            self._of[size].capture(forward, pool)
            yield done / len(SIZES)

    def holding(self, slices: Many[Slice]) -> PromptGraph | None:
        tokens = sum(each.count for each in slices)
        fitting = [size for size in SIZES if size >= tokens]
        return self._of[fitting[0]] if fitting and len(slices) <= SEQUENCES else None
