"""Linear layers over NF4 matrices in the kernels' layout, in place of bitsandbytes'."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
import torch
from torch import nn

from bot.engine.local.kernels import layout
from bot.engine.local.kernels.cuda import CompilerMissing
from bot.engine.local.kernels.layout import Nf4Matrix
from bot.engine.local.kernels.products import Products
from bot.engine.local.kernels.tuning import EXACT, tune
from bot.engine.local.siblings import SIBLINGS

log = structlog.get_logger(__name__)

OLDEST = (8, 0)
"""Compute capability from which on tensor cores take bfloat16."""


class Nf4Linear(nn.Module):
    """``nn.Linear`` whose weight is an Nf4Matrix; takes and gives [..., columns] → [..., rows]."""

    def __init__(self, matrix: Nf4Matrix, products: Products) -> None:
        super().__init__()
        self.matrix, self.products = matrix, products
        self.in_features, self.out_features = matrix.columns, matrix.rows
        for name in ("packed", "absmax", "outer", "offset"):
            self.register_buffer(name, getattr(matrix, name), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.products(self.matrix, x.reshape(-1, self.in_features))
        return y.view(*x.shape[:-1], self.out_features)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}"


def replace_linears(model: nn.Module, cache_folder: Path | None) -> None:
    """Every 4-bit layer of `model` that the kernels can serve, one after another so that memory
    only shrinks. Leaves all to bitsandbytes, and says why, where they can't run or prove wrong."""
    layers = [module for module in model.modules() if _served(module)]
    if not layers:
        return
    try:
        serving = {device: Products(device, cache_folder) for device in _devices(layers)}
        for device, products in serving.items():
            with torch.cuda.device(device):
                _prove(next(each for each in layers if each.weight.device == device), products)
        layers.clear()  # or they would stay in memory beside what replaces them
        joined = _replace(model, serving)
        for device, products in serving.items():
            here = [each for each in joined if each[0].packed.device == device]
            with torch.cuda.device(device):
                tune(products, here, cache_folder)
            products.forget_unpacked()
    except CompilerMissing as reason:
        log.warning("4-bit layers are left to bitsandbytes", reason=str(reason))


def _served(module: Any) -> bool:
    if type(module).__name__ != "Linear4bit":
        return False
    weight, state = module.weight, module.weight.quant_state
    return bool(
        weight.device.type == "cuda" and module.compute_dtype is torch.bfloat16
        and state is not None and layout.fits(state)
        and torch.cuda.get_device_capability(weight.device) >= OLDEST and not torch.version.hip
    )  # fmt: skip


def _devices(layers: Sequence[Any]) -> set[torch.device]:
    return {layer.weight.device for layer in layers}


def _pack(layer: Any) -> Nf4Matrix:
    bias = None if layer.bias is None else layer.bias.detach().to(torch.bfloat16)
    return layout.pack(layer.weight.data, layer.weight.quant_state, bias)


def _prove(layer: Any, products: Products) -> None:
    """Against bitsandbytes' own unpacking. Raises CompilerMissing."""
    from bitsandbytes.functional import dequantize_4bit

    matrix = _pack(layer)
    weight = dequantize_4bit(layer.weight.data, layer.weight.quant_state).to(torch.bfloat16)
    for rows in (1, 13, 40, 200):
        x = torch.randn(rows, matrix.columns, device=products.device, dtype=torch.bfloat16)
        expected = torch.nn.functional.linear(x, weight, matrix.bias)
        error = float((products(matrix, x) - expected).float().norm() / expected.float().norm())
        if not error <= EXACT:
            raise CompilerMissing(f"the kernel's product is off by {error:.1%} on this card")


def _replace(
    model: nn.Module, serving: dict[torch.device, Products]
) -> list[tuple[Nf4Matrix, bool]]:
    """Gives the matrices as they will be multiplied, each with whether it is gated."""
    done: list[tuple[Nf4Matrix, bool]] = []
    for parent in [module for module in model.modules() if not _served(module)]:
        for names in SIBLINGS:
            found: list[Any] = [getattr(parent, name, None) for name in names]
            if all(each is not None and _served(each) for each in found):
                done += _join(parent, names, found, serving)
        for name, child in list(parent.named_children()):
            if _served(child):
                matrix = _pack(child)
                setattr(parent, name, Nf4Linear(matrix, serving[matrix.packed.device]))
                done.append((matrix, False))
    return done


def _join(
    parent: Any, names: Sequence[str], layers: Sequence[Any],
    serving: dict[torch.device, Products],
) -> list[tuple[Nf4Matrix, bool]]:  # fmt: skip
    """The layers become parts of one matrix, if they can."""
    matrices = [_pack(layer) for layer in layers]
    if len(_devices(layers)) > 1 or not layout.can_join(matrices):
        return []
    whole, products = layout.join(matrices), serving[layers[0].weight.device]
    start = 0
    for name, matrix in zip(names, matrices, strict=True):
        setattr(parent, name, Nf4Linear(whole.part(start, matrix.rows), products))
        start += matrix.rows
    gated = names[0] == "gate_proj"
    parent.joined = Joined(whole, products, gated)
    return [(whole, gated)]


class Joined:
    """All siblings at once; `gated` says whether the product is silu(gate) * up."""

    def __init__(self, matrix: Nf4Matrix, products: Products, gated: bool) -> None:
        self.matrix, self.products, self.gated = matrix, products, gated

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return self.products(self.matrix, x, gated=self.gated)
