"""Runs the model over one step's slices, all of them packed as one row of tokens."""

from __future__ import annotations

from collections.abc import Sequence as Many
from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch

from bot.engine.local.attention import Step, adopt
from bot.engine.local.config import KvDtype
from bot.engine.local.forward import Forward, TransformersForward
from bot.engine.local.kvcache import KVCache, layer_shapes
from bot.engine.local.sampling import SamplingState
from bot.engine.local.sdpa import SdpaStep, order
from bot.engine.local.sequence import Sequence, Slice

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Drawn(NamedTuple):
    """A step's logits [n, vocabulary], and the tokens that it chose of them as `sampler.draw`
    does."""

    logits: torch.Tensor
    tokens: list[int]


class Runner(Protocol):
    """Keeps the keys and values of the sequences' computed tokens in their blocks."""

    reuses: bool
    """Whether a block's contents serve any sequence that begins alike."""

    looks_ahead: bool
    """Whether it computes a token more than it is asked for, if there is a block for it."""

    @property
    def cache_bytes(self) -> int: ...

    def run(self, slices: Many[Slice]) -> torch.Tensor:
        """Logits [n, vocabulary], a row for each slice that samples, in their order.

        May be called again with the same slices after it raised.
        """

    def draw(self, slices: Many[Slice], states: Many[SamplingState]) -> Drawn | None:
        """Like `run`, for a step that can choose its tokens in the same breath; otherwise None,
        and nothing has happened. `states` are those of the slices that sample."""

    def drop(self, sequence: Sequence) -> None:
        """The sequence is over."""

    def wipe(self, blocks: Many[int]) -> None:
        """These blocks may hold NaN, which would reach their next owner through masked reads."""


class PagedRunner:
    """For every model that attends through transformers' AttentionInterface. Raises NotPaged."""

    reuses = True
    looks_ahead = False

    def __init__(
        self,
        model: PreTrainedModel,
        device: torch.device,
        *,
        blocks: int,
        block_size: int,
        kv_dtype: KvDtype = "auto",
        forward: Forward | None = None,
    ) -> None:
        adopt(model)
        self.forward, self._device = forward or TransformersForward(model), device
        self.cache = KVCache(layer_shapes(model, device), blocks, block_size, kv_dtype)

    @property
    def cache_bytes(self) -> int:
        return self.cache.bytes

    @torch.inference_mode()
    def run(self, slices: Many[Slice]) -> torch.Tensor:
        packed = order(slices)
        rows = _last_rows(packed, slices)
        return self._compute(packed, rows or [0])[: len(rows)]

    def _compute(self, packed: Many[Slice], rows: Many[int]) -> torch.Tensor:
        """Logits [len(rows), vocabulary] of these rows."""
        tokens = [token for each in packed for token in each.sequence.tokens[each.start : each.end]]
        positions = [at for each in packed for at in range(each.start, each.end)]
        return self.forward(
            torch.tensor(tokens, device=self._device),
            torch.tensor(positions, device=self._device),
            self._step(packed),
            torch.tensor(rows, device=self._device),
        )

    def _step(self, packed: Many[Slice]) -> Step:
        return SdpaStep(self.cache, packed)

    def draw(self, slices: Many[Slice], states: Many[SamplingState]) -> Drawn | None:
        return None

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
