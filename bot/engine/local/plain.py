"""The fallback for models that the paged cache can't serve: the ordinary forward call of
transformers, one sequence after another, each with a cache of its own."""

from __future__ import annotations

from collections.abc import Sequence as Many
from typing import TYPE_CHECKING, Any

import torch

from bot.engine.local.runner import Drawn
from bot.engine.local.sampling import SamplingState
from bot.engine.local.sequence import Sequence, Slice

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class PlainRunner:
    """Slower than paging, and nothing is shared; otherwise the same to its caller."""

    reuses = False
    looks_ahead = False

    def __init__(self, model: PreTrainedModel, device: torch.device) -> None:
        self._model, self._device = model, device
        self._caches: dict[Sequence, tuple[int, Any]] = {}

    @property
    def cache_bytes(self) -> int:
        return 0

    @torch.inference_mode()
    def run(self, slices: Many[Slice]) -> torch.Tensor:
        logits = [self._run_one(each) for each in slices]
        sampled = [row for row, each in zip(logits, slices, strict=True) if each.samples]
        return torch.cat(sampled) if sampled else logits[0][:0]

    def draw(self, slices: Many[Slice], states: Many[SamplingState]) -> Drawn | None:
        return None

    def drop(self, sequence: Sequence) -> None:
        self._caches.pop(sequence, None)

    def wipe(self, blocks: Many[int]) -> None:
        pass  # each sequence's cache is its own, and goes with it

    def _run_one(self, each: Slice) -> torch.Tensor:
        """A cache that is not at the slice's start (its step failed half-way, or the sequence was
        put back) is of no use, and recurrent layers can't go back: begin anew."""
        length, cache = self._caches.pop(each.sequence, (0, None))
        start = each.start if length == each.start else 0
        tokens = each.sequence.tokens[start : each.end]
        output = self._model(
            input_ids=torch.tensor([tokens], device=self._device),
            past_key_values=cache if start else None,
            use_cache=True,
            logits_to_keep=1,
        )
        self._caches[each.sequence] = (each.end, output.past_key_values)
        logits: torch.Tensor = output.logits[0]
        return logits[-1:]
