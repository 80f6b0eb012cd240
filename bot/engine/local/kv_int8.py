"""Keys and values in 8 bits: for each token and head a vector of int8 and one float32 scale.

A scale of its own for each vector needs no calibration, a token is rounded once and alone (so that
what a sequence reads does not depend on its neighbours), and int8 is exact in every type that a
model computes in, on any device. Of a vector's largest elements, among them the outlying channels
that keys have, fp8 (e4m3) would keep the same bits nine times as coarsely.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from bot.engine.local.attention import NotPaged, refuse

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NAME = "chinwag_rounding"

LARGEST = 127
LEAST = 1e-30
"""Of a vector's largest element as far as its scale goes: zeros have a scale, too."""


def quantise(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """x [..., D] → codes [..., D] and scales [...]; codes * scales are off by half a scale at
    most. NaN stays NaN, by the scale."""
    scales = x.abs().amax(-1).float().clamp(min=LEAST) / LARGEST
    return (x / scales.unsqueeze(-1)).round_().to(torch.int8), scales


def restore(codes: torch.Tensor, scales: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """codes [..., D] of int8, scales [...] → out [..., D]"""
    return out.copy_(codes).mul_(scales.unsqueeze(-1))


def rounded(x: torch.Tensor) -> torch.Tensor:
    """As it is read once it has been stored."""
    return restore(*quantise(x), torch.empty_like(x))


@contextmanager
def rounding(model: PreTrainedModel) -> Iterator[None]:
    """Meanwhile transformers' own attention sees keys and values `rounded`. Raises NotPaged."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    if not getattr(model, "_supports_attention_backend", False):
        raise NotPaged("its attention does not go through transformers' AttentionInterface")
    before = model.config._attn_implementation
    AttentionInterface.register(NAME, _attend_rounded)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def _attend_rounded(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    **rest: Any,
) -> tuple[torch.Tensor, None]:
    """transformers' attention function; the window is in the mask. Raises NotPaged."""
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    refuse(module, None, rest)
    return sdpa_attention_forward(
        module, query, rounded(key), rounded(value), attention_mask, scaling=scaling
    )
