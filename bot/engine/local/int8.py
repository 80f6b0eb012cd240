"""Linear layers in 8 bits on the CPU, by FBGEMM's kernels, which torch carries.

Weights have a scale for each row, activations a range for each token: with one range for all of
them, as torch's own dynamic quantisation has, the few huge values in a prompt's first token ruin
the rest (perplexity of the demo model 75 instead of 31). The kernel takes floats and knows one
range, so each token is rounded here to integers that fill -128 … 127, which the kernel then takes
over unchanged. Its sums are of integers, so a token's result is the same, bit for bit, whoever
shares its batch.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import torch
from torch import nn

LEVELS = 63
"""Weights are rounded to -63 … 63: without VNNI the kernel adds two products of an unsigned byte
and a weight in 16 bits, which with 127 would overflow."""

TINY = torch.finfo(torch.float32).tiny

WHOLE = 1.5 * 2**23
"""A float32 of this size has no digits after the point: adding it rounds, to even in the middle,
like round() and ten times as fast."""


class Rounded(NamedTuple):
    """Tokens [T, in] as middle + step · codes, with whole codes from -128 to 127."""

    codes: torch.Tensor
    step: torch.Tensor
    middle: torch.Tensor


class Int8Linear(nn.Module):
    """``nn.Linear`` with weight [out, in] in int8; takes and gives [..., in] → [..., out]."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.bias = None if linear.bias is None else nn.Parameter(linear.bias.float(), False)
        codes, scales = by_rows(linear.weight.detach(), LEVELS)
        self._packed = _pack(codes, scales)
        self._sums: torch.Tensor
        self.register_buffer("_sums", codes.sum(dim=1) * scales, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """W x = middle · (row sums of W) + step · W codes."""
        codes, step, middle = _round(x.reshape(-1, self.in_features).float())
        product = torch.ops.quantized.linear_dynamic(codes, self._packed, False)
        product = torch.addcmul(middle * self._sums, product, step)
        if self.bias is not None:
            product.add_(self.bias)
        return product.to(x.dtype).view(*x.shape[:-1], self.out_features)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}"


def _round(rows: torch.Tensor) -> Rounded:
    low, high = rows.amin(1, keepdim=True), rows.amax(1, keepdim=True)  # aminmax is 10 × slower
    step = (high - low).mul_(1 / 255).clamp_(min=TINY)
    codes = torch.sub(rows, low).div_(step).add_(WHOLE).sub_(WHOLE + 128)
    return Rounded(codes, step, torch.add(low, step, alpha=128))


def by_rows(weight: torch.Tensor, levels: int = 127) -> tuple[torch.Tensor, torch.Tensor]:
    """[rows, columns] → int8 of that shape from -levels to levels, and a float32 scale a row."""
    weight = weight.float()
    scales = weight.abs().amax(dim=1).clamp_(min=TINY) / levels
    return torch.round(weight / scales[:, None]).to(torch.int8), scales


def replace_linears(model: nn.Module) -> None:
    """Every ``nn.Linear`` of `model`, the head too: it is a fifth of the demo's step and costs it
    0.3 % of perplexity. One after another, so that memory only shrinks."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear:
                setattr(parent, name, Int8Linear(child))


def _pack(codes: torch.Tensor, scales: torch.Tensor) -> Any:
    """[out, in] → FBGEMM's own layout."""
    zeros = torch.zeros(len(codes), dtype=torch.long)
    with warnings.catch_warnings():
        # torch deprecates the type of these tensors, not the kernels that take their weights so
        warnings.filterwarnings(
            "ignore", message=".*quantized tensor creation", category=UserWarning
        )
        quantised = torch._make_per_channel_quantized_tensor(codes, scales.double(), zeros, 0)
    return torch.ops.quantized.linear_prepack(quantised, None)
