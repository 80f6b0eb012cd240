"""Runs the model over one step's slices, all of them packed as one row of tokens."""

from __future__ import annotations

from collections.abc import Sequence as Many
from typing import TYPE_CHECKING, Protocol

import torch

from bot.engine.local.attention import STEP, adopt
from bot.engine.local.kvcache import KVCache, layer_shapes
from bot.engine.local.sdpa import SdpaStep, order
from bot.engine.local.sequence import Sequence, Slice

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Runner(Protocol):
    """Keeps the keys and values of the sequences' computed tokens in their blocks."""

    reuses: bool
    """Whether a block's contents serve any sequence that begins alike."""

    @property
    def cache_bytes(self) -> int: ...

    def run(self, slices: Many[Slice]) -> torch.Tensor:
        """Logits [n, vocabulary], a row for each slice that samples, in their order.

        May be called again with the same slices after it raised.
        """

    def drop(self, sequence: Sequence) -> None:
        """The sequence is over."""

    def wipe(self, blocks: Many[int]) -> None:
        """These blocks may hold NaN, which would reach their next owner through masked reads."""


class PagedRunner:
    """For every model that attends through transformers' AttentionInterface. Raises NotPaged."""

    reuses = True

    def __init__(
        self, model: PreTrainedModel, device: torch.device, *, blocks: int, block_size: int
    ) -> None:
        adopt(model)
        self._model, self._device = model, device
        self.cache = KVCache(layer_shapes(model, device), blocks, block_size)

    @property
    def cache_bytes(self) -> int:
        return self.cache.bytes

    @torch.inference_mode()
    def run(self, slices: Many[Slice]) -> torch.Tensor:
        packed = order(slices)
        tokens = [token for each in packed for token in each.sequence.tokens[each.start : each.end]]
        positions = [at for each in packed for at in range(each.start, each.end)]
        rows = _last_rows(packed, slices)
        output = self._model(
            input_ids=torch.tensor([tokens], device=self._device),
            position_ids=torch.tensor([positions], device=self._device),
            use_cache=False,
            logits_to_keep=torch.tensor(rows or [0], device=self._device),
            **{STEP: SdpaStep(self.cache, packed)},
        )
        logits: torch.Tensor = output.logits[0]
        return logits[: len(rows)]

    def drop(self, sequence: Sequence) -> None:
        pass

    def wipe(self, blocks: Many[int]) -> None:
        self.cache.wipe(blocks)


def _last_rows(packed: Many[Slice], slices: Many[Slice]) -> list[int]:
    """Where in the packed row the last token of each slice that samples is."""
    row = -1
    last = {}
    for each in packed:
        row += each.count
        last[each] = row
    return [last[each] for each in slices if each.samples]
