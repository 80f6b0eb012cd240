"""Llama's forward call with the layer's own kernels: nine launches a layer instead of thirty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from bot.engine.local.attention import NotPaged, Step
from bot.engine.local.kernels.rows import add_norm, rotate
from bot.engine.local.kernels.step import KernelStep
from bot.engine.local.llama import Layer, LlamaForward

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class FusedForward(LlamaForward):
    """Of a model on one GPU. Raises NotPaged for one of another build."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__(model)
        if self._dim & (self._dim - 1):
            raise NotPaged(f"its heads have {self._dim} dimensions, which is no power of 2")

    def add_norm(
        self, x: torch.Tensor, added: torch.Tensor | None, weight: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return add_norm(x, added, weight, self._eps)

    def attend(
        self, number: int, layer: Layer, heads: torch.Tensor, cos: torch.Tensor,
        sin: torch.Tensor, step: Step,
    ) -> torch.Tensor:  # fmt: skip
        places = step.places(number) if isinstance(step, KernelStep) else None
        rotate(heads, cos, sin, self._queries, self._keys, layer.head_norms, places)
        query, key, value = self.split(heads)
        if isinstance(step, KernelStep):
            return step.read(number, query, layer.scale, layer.window)
        return step.attend(
            number, query.transpose(0, 1), key.transpose(0, 1), value.transpose(0, 1),
            layer.scale, layer.window,
        )  # fmt: skip
