"""Products of NF4 matrices with rows of activations, on one GPU.

A few rows go through the kernel of nf4_matmul.cu, whose variant is measured once per card; many
rows are cheaper through cuBLAS, with the matrix unpacked into memory that all matrices share.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.nn.functional import linear

from bot.engine.local.kernels.cuda import HOPPER, Kernel, compile_file
from bot.engine.local.kernels.layout import STEP, Nf4Matrix
from bot.engine.local.kernels.overlap import can_overlap
from bot.engine.local.kernels.room import ARRANGED, LARGEST_TIER, WORKSPACE

SOURCES = Path(__file__).parent
"""Where each kernel is in a file of its name."""
TABLE = 256 * 256
"""Bytes of the kernel's table in shared memory."""
STAGES = 4
"""The kernel's stages of x in shared memory, each of 64 columns."""
TIERS = (8, 16, 32, 64)
"""Rows of activations that a variant is compiled for; and LARGEST_TIER where four warps multiply
together: short prompts read the weights but once."""
MOST_PASSES = 2
"""Over the weights by the kernel: with more, cuBLAS wins on every card tried."""
ARRANGE_BLOCKS = 2
"""For each multiprocessor, that do so."""
UNPACK_WARPS = 8


class Variant(NamedTuple):
    """How the work is cut: warps of a block by rows and by columns, blocks that a multiprocessor
    holds, whether four warps multiply together (Hopper's wgmma), and how many blocks share the
    columns of the same rows."""

    row_warps: int
    k_warps: int
    resident: int
    together: bool
    splits: int

    def cut(self, matrix: Nf4Matrix, processors: int) -> tuple[int, int]:
        """How many tiles of rows are taken whole, and how many are shared by `splits` blocks:
        those that would not fill the card another time."""
        tiles, slots = -(-matrix.rows // (STEP * self.row_warps)), processors * self.resident
        whole = tiles if self.splits == 1 else tiles // slots * slots
        return whole, tiles - whole

    def sums(self, tier: int) -> int:
        """Floats of a block's sums."""
        return self.row_warps * STEP * tier

    def shared(self, tier: int) -> int:
        """Bytes of shared memory: the table, sums of warps or stages of x, barriers and a flag."""
        more = STAGES * tier * 128 if self.together else 4 * (self.k_warps - 1) * self.sums(tier)
        return TABLE + more + 16 * STAGES + 16


Shape = tuple[int, int, int, bool]
"""A variant without its splits."""
SPLITS = (1, 2, 3, 4, 6, 12)
FEW = ((2, 8, 1, False), (4, 4, 1, False), (8, 1, 2, False), (2, 4, 2, False))
MANY = ((2, 4, 1, False), (4, 2, 1, False))
TOGETHER = ((8, 1, 1, True), (12, 1, 1, True), (4, 1, 2, True), (8, 1, 2, True))
"""What is worth trying for up to 16 rows of x, for more, and for more on Hopper."""


class Card(NamedTuple):
    """What of a GPU decides how work is cut: its multiprocessors, the bytes of shared memory that
    a block may have, and whether four warps can multiply together."""

    processors: int
    shared: int
    hopper: bool

    @property
    def tiers(self) -> tuple[int, ...]:
        return (*TIERS, LARGEST_TIER) if self.hopper else TIERS

    def shapes(self, tier: int) -> list[Shape]:
        few, many = tier <= TIERS[1], tier <= TIERS[-1]
        together = TOGETHER if self.hopper else ()
        every: tuple[Shape, ...] = FEW if few else (*MANY, *together) if many else together
        return [shape for shape in every if Variant(*shape, 1).shared(tier) <= self.shared]


def card_of(device: torch.device) -> Card:
    properties: Any = torch.cuda.get_device_properties(device)
    shared = properties.shared_memory_per_block_optin
    hopper = torch.cuda.get_device_capability(device) == HOPPER
    return Card(properties.multi_processor_count, shared, hopper)


def variants(matrix: Nf4Matrix, tier: int, card: Card) -> list[Variant]:
    """Those that give enough blocks something to do."""
    every = [Variant(*shape, splits) for shape in card.shapes(tier) for splits in SPLITS]
    return [each for each in every if _sensible(each, matrix, tier, card.processors)] or every[:1]


def _sensible(variant: Variant, matrix: Nf4Matrix, tier: int, processors: int) -> bool:
    whole, shared = variant.cut(matrix, processors)
    pieces = shared * variant.splits
    enough = whole + pieces >= processors // 2 or variant.splits == max(SPLITS)
    fits = pieces * variant.sums(tier) <= WORKSPACE and pieces <= 6 * processors
    fits &= not variant.together or tier * matrix.columns <= ARRANGED
    busy = matrix.columns // 64 >= 2 * variant.splits * variant.k_warps
    return enough and fits and busy and (shared > 0 or variant.splits == 1)


class Products:
    """Raises CompilerMissing. `table` maps (rows, columns, gated, tier) to the variant to take;
    what is not in it gets the first sensible one."""

    def __init__(self, device: torch.device, cache_folder: Path | None) -> None:
        self.device, self._cache_folder = device, cache_folder
        self.card = card_of(device)
        self.table: dict[tuple[int, int, bool, int], Variant] = {}
        self._kernels: dict[tuple[int, bool, Variant], Kernel] = {}
        self._arrangers: dict[int, Kernel] = {}
        self._arrived = torch.zeros(2**16, dtype=torch.int32, device=device)
        self._workspace = torch.empty(WORKSPACE, device=device)
        self._arranged = torch.empty(ARRANGED, dtype=torch.bfloat16, device=device)
        self._unpacked: torch.Tensor | None = None
        whole = Variant(UNPACK_WARPS, 1, 2, False, 1)
        self._unpack = self._load("nf4_unpack", whole, TIERS[0], gated=False)

    def __call__(self, matrix: Nf4Matrix, x: torch.Tensor, *, gated: bool = False) -> torch.Tensor:
        """x [n, columns] → x Wᵀ + bias [n, rows]; `gated`, with W = [gate; up], gives
        silu(gate) * up [n, rows / 2]."""
        with torch.cuda.device(self.device):  # where a kernel goes if it is launched
            many = len(x) > MOST_PASSES * self.card.tiers[-1]
            return (self.by_cublas if many else self._by_kernel)(matrix, x, gated=gated)

    def _by_kernel(self, matrix: Nf4Matrix, x: torch.Tensor, *, gated: bool) -> torch.Tensor:
        x = x.contiguous()
        y = x.new_empty(len(x), matrix.rows // 2 if gated else matrix.rows)
        passes = -(-len(x) // self.card.tiers[-1])
        for part, into in zip(x.tensor_split(passes), y.tensor_split(passes), strict=True):
            tier = next(tier for tier in self.card.tiers if tier >= len(part))
            self.run(self.variant(matrix, gated, tier), tier, matrix, part, into, gated=gated)
        return y

    def candidates(self, matrix: Nf4Matrix, tier: int) -> list[Variant]:
        return variants(matrix, tier, self.card)

    def variant(self, matrix: Nf4Matrix, gated: bool, tier: int) -> Variant:
        key = (matrix.rows, matrix.columns, gated, tier)
        if key not in self.table:
            self.table[key] = self.candidates(matrix, tier)[0]
        return self.table[key]

    def run(
        self, variant: Variant, tier: int, matrix: Nf4Matrix, x: torch.Tensor, y: torch.Tensor,
        *, gated: bool,
    ) -> None:  # fmt: skip
        """The kernel itself, for at most `tier` rows of x."""
        whole, shared = variant.cut(matrix, self.card.processors)
        if variant.together:
            x = self._arrange(tier, x)
        self.kernel(variant, tier, gated)(
            min(whole + shared * variant.splits, self.card.processors * variant.resident),
            32 * variant.row_warps * variant.k_warps,
            x, matrix.packed, matrix.absmax, matrix.outer, matrix.offset, matrix.code,
            matrix.inner, matrix.bias, y, self._workspace, self._arrived,
            len(y), matrix.rows, matrix.columns, whole, variant.splits,
        )  # fmt: skip

    def _arrange(self, tier: int, x: torch.Tensor) -> torch.Tensor:
        if tier not in self._arrangers:
            alone = Variant(4, 1, 1, True, 1)
            self._arrangers[tier] = self._load("nf4_arrange", alone, tier, gated=False)
        self._arrangers[tier](
            ARRANGE_BLOCKS * self.card.processors, 128, x, self._arranged, *x.shape
        )
        return self._arranged

    def kernel(self, variant: Variant, tier: int, gated: bool) -> Kernel:
        key = (tier, gated, variant._replace(splits=1))
        if key not in self._kernels:
            self._kernels[key] = self._load("nf4_matmul", variant, tier, gated=gated)
        return self._kernels[key]

    def unpack(self, matrix: Nf4Matrix) -> torch.Tensor:
        """The weights in bfloat16 [rows, columns], until the next call."""
        needed = matrix.rows * matrix.columns
        if self._unpacked is None or self._unpacked.numel() < needed:
            self._unpacked = None
            self._unpacked = torch.empty(needed, dtype=torch.bfloat16, device=self.device)
        out = self._unpacked[:needed].view(matrix.rows, matrix.columns)
        self._unpack(
            2 * self.card.processors, 32 * UNPACK_WARPS,
            matrix.packed, matrix.absmax, matrix.outer, matrix.offset, matrix.code, matrix.inner,
            out, matrix.rows, matrix.columns,
        )  # fmt: skip
        return out

    def forget_unpacked(self) -> None:
        """Until many rows come again, the memory is free."""
        self._unpacked = None

    def by_cublas(self, matrix: Nf4Matrix, x: torch.Tensor, *, gated: bool) -> torch.Tensor:
        if not gated:
            return linear(x, self.unpack(matrix), matrix.bias)
        from bot.engine.local.kernels.rows import gate_  # Triton is there if a GPU is

        half = matrix.rows // 2
        gate, up = (self.by_cublas(matrix.part(start, half), x, gated=False)
                    for start in (0, half))  # fmt: skip
        return gate_(gate, up)

    def _load(self, name: str, variant: Variant, tier: int, *, gated: bool) -> Kernel:
        defines = {
            "TILES": tier // 8,
            "ROW_WARPS": variant.row_warps,
            "K_WARPS": variant.k_warps,
            "RESIDENT": variant.resident,
            "WGMMA": int(variant.together),
            "GATED": int(gated),
        }
        code = compile_file(SOURCES / f"{name}.cu", defines, self.device, self._cache_folder)
        with torch.cuda.device(self.device):
            return Kernel(code, name, variant.shared(tier), overlaps=can_overlap(self.device))
