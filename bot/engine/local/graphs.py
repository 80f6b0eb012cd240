"""Decode steps as CUDA graphs: captured once for some sizes of batch, then replayed.

A step launches hundreds of kernels, and Python needs longer to launch them than the card to run
them. A graph is launched as a whole; its inputs are always the same memory, filled anew for each
step, and the choice of tokens is part of it. Steps with pieces of prompts go the ordinary way.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from bot.engine.local.forward import Forward
from bot.engine.local.kernels.step import DecodeStep
from bot.engine.local.progress import Progress
from bot.engine.local.runner import Drawn, PagedRunner
from bot.engine.local.sampler import draw, drawing_settings
from bot.engine.local.sampling import SamplingState
from bot.engine.local.sequence import Slice

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SIZES = (1, 2, 4, 8, 16, 24, 32, 48, 64)
TOKEN, POSITION, TABLE = 0, 1, 2
"""Columns of the inputs: a row is a sequence."""


@dataclass(frozen=True, slots=True)
class Captured:
    graph: torch.cuda.CUDAGraph
    logits: torch.Tensor
    tokens: torch.Tensor


class Inputs:
    """What a step needs to know, on the host and in the memory that the graphs read. A row keeps
    its table of blocks as long as its sequence stays in it and needs no further block."""

    def __init__(self, rows: int, blocks: int, padding: int, device: torch.device) -> None:
        shape = (rows, TABLE + blocks)
        self._numbers = torch.zeros(shape, dtype=torch.int32).pin_memory()
        self._numbers[:, TABLE:] = padding
        self._settings = torch.zeros((5, rows)).pin_memory()
        self.numbers, self.settings = self._numbers.to(device), self._settings.to(device)
        self._array = self._numbers.numpy()
        self._tables: list[tuple[list[int], int]] = [([], 0)] * rows
        self._padding = padding

    def fill(self, size: int, slices: Many[Slice], states: Many[SamplingState]) -> None:
        for row, each in enumerate(slices):
            sequence = each.sequence
            self._array[row, TOKEN] = sequence.tokens[each.start]
            self._array[row, POSITION] = each.start
            self._keep_table(row, sequence.blocks)
        for row in range(len(slices), size):
            self._array[row, :2] = 0
            self._keep_table(row, [self._padding])
        self.numbers[:size].copy_(self._numbers[:size], non_blocking=True)
        self._settings[:, : len(states)] = drawing_settings(states)
        self.settings[:, :size].copy_(self._settings[:, :size], non_blocking=True)

    def _keep_table(self, row: int, blocks: list[int]) -> None:
        known, count = self._tables[row]
        if known is not blocks or count != len(blocks):
            self._array[row, TABLE : TABLE + len(blocks)] = blocks
            self._tables[row] = (blocks, len(blocks))


class GraphRunner(PagedRunner):
    """Raises NotPaged."""

    def __init__(
        self, model: PreTrainedModel, device: torch.device, *, blocks: int, block_size: int,
        forward: Forward | None, max_batch: int, context_window: int, progress: Progress,
    ) -> None:  # fmt: skip
        super().__init__(model, device, blocks=blocks, block_size=block_size, forward=forward)
        self._vocabulary = model.config.get_text_config().vocab_size
        sizes = _sizes(max_batch)
        most = min(blocks, -(-context_window // block_size))
        self._inputs = Inputs(sizes[-1], most, self.cache.padding_block, device)
        self._captured: dict[int, Captured] = {}
        for done, size in enumerate(reversed(sizes)):
            progress("capturing decode steps", done / len(sizes))
            self._captured[size] = self._capture(size)
        progress("capturing decode steps", 1.0)

    @torch.inference_mode()
    def draw(self, slices: Many[Slice], states: Many[SamplingState]) -> Drawn | None:
        captured = self.captured(len(slices))
        if captured is None or any(each.count > 1 or not each.samples for each in slices):
            return None
        self._inputs.fill(len(captured.tokens), slices, states)
        captured.graph.replay()
        return Drawn(captured.logits[: len(slices)], captured.tokens[: len(slices)].tolist())

    def captured(self, sequences: int) -> Captured | None:
        """The smallest that holds so many."""
        fitting = [size for size in self._captured if size >= sequences]
        return self._captured[min(fitting)] if fitting else None

    @torch.inference_mode()
    def _capture(self, size: int) -> Captured:
        """The largest size comes first, and the others share its memory."""
        self._decode(size)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        first = next(iter(self._captured.values()), None)
        with torch.cuda.graph(graph, pool=first.graph.pool() if first else None):
            logits, tokens = self._decode(size)
        return Captured(graph, logits, tokens)

    def _decode(self, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        numbers = self._inputs.numbers[:size]
        positions = numbers[:, POSITION].long()
        step = DecodeStep(self.cache, numbers[:, TABLE:], positions)
        logits = self._forward(numbers[:, TOKEN].long(), positions, step, None)
        tokens = draw(logits[:, : self._vocabulary].float(), self._inputs.settings[:, :size])
        return logits, tokens


def _sizes(max_batch: int) -> list[int]:
    """Up to the one that holds a full batch, or to the largest."""
    full = next((size for size in SIZES if size >= max_batch), SIZES[-1])
    return [size for size in SIZES if size <= full]
