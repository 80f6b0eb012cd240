"""Layers that are given the same input, multiplied as one: query, key and value, gate and up.

On a CPU a product of a few rows is over in some 10 µs, of which calling it is a good part. The
model's own code finds its layers where they were, as parts of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.functional import silu

SIBLINGS = (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"))
"""By their names in their parent."""


class Joined(nn.Module):
    """x [..., in] → all siblings' outputs side by side."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear
        self._seen: torch.Tensor | None = None
        self._output: torch.Tensor | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = self.linear(x)
        return output

    def part(self, x: torch.Tensor, columns: slice) -> torch.Tensor:
        """Some of the outputs, computed once for all who ask for parts of one input in a row."""
        if self._output is None or x is not self._seen:
            self._seen, self._output = x, self.linear(x)
        return self._output[..., columns]


class Gated(Joined):
    """x → silu(gate) * up."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate, up = super().forward(x).chunk(2, dim=-1)
        return silu(gate).mul_(up)


class Part(nn.Module):
    """In place of one of the siblings."""

    def __init__(self, whole: Joined, columns: slice) -> None:
        super().__init__()
        self._whole = (whole,)  # in a tuple it is no child of this module: its parent has it
        self._columns = columns

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._whole[0].part(x, self._columns)


def join(model: nn.Module) -> None:
    """All siblings of `model` that are plain linear layers, a pair or three at a time, so that
    there are never two copies of more than those."""
    for parent in list(model.modules()):
        for names in SIBLINGS:
            layers = [getattr(parent, name, None) for name in names]
            if all(type(layer) is nn.Linear for layer in layers) and _alike(layers):
                _join(parent, names, layers)


def _alike(layers: Sequence[Any]) -> bool:
    return len({(layer.bias is None, layer.weight.dtype) for layer in layers}) == 1


def _join(parent: Any, names: Sequence[str], layers: Sequence[Any]) -> None:
    outputs = sum(layer.out_features for layer in layers)
    bias = layers[0].bias is not None
    whole = nn.Linear(layers[0].in_features, outputs, bias=bias, device="meta")
    for tensor, value in _stacked(layers):
        setattr(whole, tensor, nn.Parameter(value, requires_grad=False))
    parent.joined = (Gated if names[0] == "gate_proj" else Joined)(whole)
    start = 0
    for name, layer in zip(names, layers, strict=True):
        setattr(parent, name, Part(parent.joined, slice(start, start + layer.out_features)))
        start += layer.out_features


def _stacked(layers: Sequence[Any]) -> Iterator[tuple[str, torch.Tensor]]:
    yield "weight", torch.cat([layer.weight.detach() for layer in layers])
    if layers[0].bias is not None:
        yield "bias", torch.cat([layer.bias.detach() for layer in layers])
