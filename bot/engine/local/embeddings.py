"""Embeddings kept in 4 or 8 bits: only the rows that are looked up are unpacked.

bitsandbytes has such modules too, but they copy all absmaxes at each step, know no double
quantisation and can't share their weight with the output head.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from bot.engine.local.int8 import by_rows


class Nf4Embedding(nn.Module):
    """Rows [vocabulary, dim] as bitsandbytes stores a 4-bit weight with double quantisation.

    `state` is bitsandbytes' QuantState; its tensors are shared, not copied, so a tied head costs
    nothing. `dim` is a multiple of the block of 64.
    """

    packed: torch.Tensor
    absmax: torch.Tensor
    outer_absmax: torch.Tensor
    outer_code: torch.Tensor
    offset: torch.Tensor
    code: torch.Tensor

    def __init__(
        self, packed: torch.Tensor, state: Any, dtype: torch.dtype, scale: float = 1.0
    ) -> None:
        super().__init__()
        vocabulary, dim = state.shape
        self.dim, self.block, self.outer_block = dim, state.blocksize, state.state2.blocksize
        self.dtype, self.scale = dtype, scale
        self.register_buffer("packed", packed.view(vocabulary, dim // 2), persistent=False)
        self.register_buffer("absmax", state.absmax.view(vocabulary, -1), persistent=False)
        self.register_buffer("outer_absmax", state.state2.absmax, persistent=False)
        self.register_buffer("outer_code", state.state2.code, persistent=False)
        self.register_buffer("offset", state.offset, persistent=False)
        self.register_buffer("code", state.code, persistent=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """ids [...] → [..., dim]; the first weight of a byte is in its high half."""
        bytes_ = self.packed[ids]
        codes = torch.stack((bytes_ >> 4, bytes_ & 15), dim=-1).flatten(-2)
        values = self.code[codes.int()].reshape(*ids.shape, -1, self.block)
        rows = (values * self._absmax(ids)[..., None]).flatten(-2)
        return (rows.to(self.dtype) * self.scale).to(self.dtype)

    def _absmax(self, ids: torch.Tensor) -> torch.Tensor:
        """[..., blocks of a row], in float32."""
        blocks = self.absmax.shape[1]
        position = ids[..., None] * blocks + torch.arange(blocks, device=ids.device)
        inner = self.outer_code[self.absmax[ids].int()]
        absmax: torch.Tensor = inner * self.outer_absmax[position // self.outer_block] + self.offset
        return absmax


class Int8Embedding(nn.Module):
    """Rows [vocabulary, dim] in int8 with a scale each."""

    codes: torch.Tensor
    scales: torch.Tensor

    def __init__(self, weight: torch.Tensor, dtype: torch.dtype, scale: float = 1.0) -> None:
        super().__init__()
        codes, scales = by_rows(weight)
        self.dtype, self.scale = dtype, scale
        self.register_buffer("codes", codes, persistent=False)
        self.register_buffer("scales", scales, persistent=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        rows = self.codes[ids] * self.scales[ids][..., None]
        return (rows.to(self.dtype) * self.scale).to(self.dtype)
