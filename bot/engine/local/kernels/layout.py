"""How the kernels keep a 4-bit matrix: bitsandbytes' NF4, its bytes in the order of use.

bitsandbytes keeps a weight [rows, columns] as codes of 4 bits, row by row, the first of a byte in
its high half. Each 64 codes share an absmax of 8 bits, an index into a table; each 256 absmaxes
share a float: weight = code[4 bits] * (inner[absmax] * outer + offset).

Tensor cores take 16 rows at a time, of which lane 4 g + t holds rows g and g + 8, and of 64
columns those from 8 t on and from 32 + 8 t on, eight each. So a lane's 32 codes of 16 rows and 64
columns are four words, which lie together (PTX ISA, fragments of mma.m16n8k16; the order of
columns within the 64 is free as long as the other operand has the same). The absmaxes of rows g
and g + 8 lie together too. Nothing is added and nothing lost: `unpack` gives the bytes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

BLOCK = 64
"""Columns that share an absmax."""
TILE = 16
"""Rows that a tensor core takes at a time."""
STEP = 2 * TILE
"""Rows that a warp takes: a matrix has a multiple of so many."""
OUTER_BLOCK = 256
"""Absmaxes that share a float."""


@dataclass(frozen=True, slots=True)
class Nf4Matrix:
    """`packed` int32 [rows / 16, columns / 64, 32, 4], `absmax` uint8 [rows / 16, columns / 64, 8,
    2], `outer` [rows * columns / 64 / 256], `offset` [rows / 16], `code` [16], `inner` [256], all
    float32, and `bias` [rows] in the type of the computation or None."""

    packed: torch.Tensor
    absmax: torch.Tensor
    outer: torch.Tensor
    offset: torch.Tensor
    code: torch.Tensor
    inner: torch.Tensor
    bias: torch.Tensor | None

    @property
    def rows(self) -> int:
        return self.packed.shape[0] * TILE

    @property
    def columns(self) -> int:
        return self.packed.shape[1] * BLOCK

    def part(self, start: int, rows: int) -> Nf4Matrix:
        """Some of the rows, sharing memory; see `can_join` for where a part may begin."""
        tiles = slice(start // TILE, (start + rows) // TILE)
        per_row = self.columns // BLOCK
        outer = slice(start * per_row // OUTER_BLOCK, -(-(start + rows) * per_row // OUTER_BLOCK))
        bias = None if self.bias is None else self.bias[start : start + rows]
        return replace(
            self, packed=self.packed[tiles], absmax=self.absmax[tiles],
            outer=self.outer[outer], offset=self.offset[tiles], bias=bias,
        )  # fmt: skip


def fits(state: Any) -> bool:
    """Whether a weight with bitsandbytes' QuantState can be kept so."""
    rows, columns = state.shape
    return bool(
        state.quant_type == "nf4" and state.nested and state.blocksize == BLOCK
        and state.state2.blocksize == OUTER_BLOCK and rows % STEP == 0 and columns % BLOCK == 0
    )  # fmt: skip


def pack(weight: torch.Tensor, state: Any, bias: torch.Tensor | None) -> Nf4Matrix:
    """From bitsandbytes' bytes and their QuantState; `fits` must hold."""
    rows, columns = state.shape
    tiles, blocks = rows // TILE, columns // BLOCK
    words = weight.contiguous().view(-1).view(torch.int32).view(tiles, 2, 8, blocks, 2, 4)
    absmax = state.absmax.view(tiles, 2, 8, blocks)
    return Nf4Matrix(
        packed=words.permute(0, 3, 2, 5, 1, 4).reshape(tiles, blocks, 32, 4),
        absmax=absmax.permute(0, 3, 2, 1).contiguous(),
        outer=state.state2.absmax.float(),
        offset=state.offset.float().reshape(1).repeat(tiles),
        code=state.code.float(),
        inner=state.state2.code.float(),
        bias=bias,
    )


def unpack(matrix: Nf4Matrix) -> torch.Tensor:
    """bitsandbytes' bytes [rows * columns / 2] again."""
    tiles, blocks = matrix.packed.shape[:2]
    words = matrix.packed.view(tiles, blocks, 8, 4, 2, 2).permute(0, 4, 2, 1, 5, 3)
    return words.reshape(-1).view(torch.uint8)


def exact(matrix: Nf4Matrix) -> torch.Tensor:
    """The weights [rows, columns] in float64, by definition and not by a kernel."""
    packed, (tiles, blocks) = unpack(matrix), matrix.packed.shape[:2]
    codes = torch.stack((packed >> 4, packed & 15), -1).view(-1, BLOCK).long()
    absmax = matrix.absmax.permute(0, 3, 2, 1).reshape(-1).long()
    outer = matrix.outer.double().repeat_interleave(OUTER_BLOCK)[: len(absmax)]
    offset = matrix.offset.double().repeat_interleave(TILE * blocks)
    scale = matrix.inner.double()[absmax] * outer + offset
    return (matrix.code.double()[codes] * scale[:, None]).view(tiles * TILE, blocks * BLOCK)


def can_join(matrices: Sequence[Nf4Matrix]) -> bool:
    """Whether they can be one matrix: the float of 256 absmaxes must not serve two of them."""
    first = matrices[0]
    return all(
        each.columns == first.columns
        and (each.bias is None) == (first.bias is None)
        and each.rows * each.columns // BLOCK % OUTER_BLOCK == 0
        and torch.equal(each.inner, first.inner)
        for each in matrices
    )


def join(matrices: Sequence[Nf4Matrix]) -> Nf4Matrix:
    """One below the other, for one product instead of several."""

    def joined(name: str) -> torch.Tensor:
        return torch.cat([getattr(each, name) for each in matrices])

    first = matrices[0]
    return replace(
        first, packed=joined("packed"), absmax=joined("absmax"), outer=joined("outer"),
        offset=joined("offset"), bias=None if first.bias is None else joined("bias"),
    )  # fmt: skip
