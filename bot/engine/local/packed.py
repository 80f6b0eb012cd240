"""float32 linear layers in oneDNN's own blocked layout, made once at load.

torch multiplies a float32 matrix as it lies in memory, by MKL. On an AMD EPYC, a decode step of
eight sequences of the demo model takes a fifth less of the processor with oneDNN on packed
matrices; a step of one sequence and a prompt take the same.

oneDNN compiles a product for each number of rows that it meets, and half a megabyte stays of each:
prompts of all lengths would fill a gigabyte. So rows are padded to one of a few dozen numbers.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import pad as padded

ROWS = 8
"""Of the inputs for which oneDNN is to choose the layout; it serves any number of them."""
EXACT_ROWS = 16
"""Up to so many are never padded: steps that only decode have no more of them in a small batch."""


class PackedLinear(nn.Module):
    """In place of a float32 nn.Linear on the CPU."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.bias = linear.bias
        packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), ROWS)
        self.register_buffer("packed", packed, persistent=False)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        rows = input.numel() // self.in_features
        more = usual_rows(rows) - rows
        if not more:
            return self._multiply(input)
        output = self._multiply(padded(input.reshape(rows, -1), (0, 0, 0, more)))
        return output[:rows].view(*input.shape[:-1], self.out_features)

    def _multiply(self, input: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
            input, self.packed, self.bias, "none", [], ""
        )
        return output


def usual_rows(rows: int) -> int:
    """The next of some numbers, at most an eighth apart, but at least 4."""
    if rows <= EXACT_ROWS:
        return rows
    step = max(4, 1 << (rows.bit_length() - 4))
    return -(-rows // step) * step


def pack(model: nn.Module) -> None:
    """Replaces every linear layer that can be packed; does nothing where oneDNN is missing."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear and _fits(child.weight):
                setattr(parent, name, PackedLinear(child))


def _fits(weight: torch.Tensor) -> bool:
    return weight.device.type == "cpu" and weight.dtype is torch.float32
