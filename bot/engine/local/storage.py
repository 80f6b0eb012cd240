"""How many bytes a weight takes in memory, quantised or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.engine.local.shape import COMPONENTS, Component, LayerCache, ModelShape, Weight

Method = Literal["none", "int8", "nf4"]
DTYPE_BYTES = {"bfloat16": 2, "float16": 2, "float32": 4}

NF4_BLOCK = 64
"""Weights that share one absmax."""
ABSMAX_BLOCK = 256
"""Absmaxes that share one second-level absmax: the double quantisation."""
NF4_TABLES = 4 * 16 + 4 * 256 + 4
"""bitsandbytes keeps both code books and the absmaxes' mean, in float32, with each matrix."""
INT8_ROW = 4
"""bitsandbytes keeps a float32 scale a row."""
INT8_ROW_CPU = 12
"""FBGEMM keeps a scale, a zero point and a sum a row."""
KV_SCALE = 4
"""In int8 each head's key and each head's value of a token has a float32 scale."""


@dataclass(frozen=True, slots=True)
class Storage:
    """How weights are kept: `head` says that embedding and output head are quantised too."""

    method: Method
    head: bool
    dtype: str
    gpu: bool

    @property
    def name(self) -> str:
        return self.method + (" with head" if self.head else "")

    @property
    def made_from_files(self) -> bool:
        """The CPU's int8 is made from weights as the files have them, all of which are there."""
        return self.method == "int8" and not self.gpu

    def bytes_of(self, weight: Weight) -> int:
        if not self.quantises(weight):
            return weight.elements * DTYPE_BYTES[self.dtype]
        if self.method == "nf4":
            return _nf4(weight.elements)
        return weight.elements + weight.rows * (INT8_ROW if self.gpu else INT8_ROW_CPU)

    def quantises(self, weight: Weight) -> bool:
        if self.method == "none":
            return False
        if weight.component == "head":
            return self.head or self.made_from_files
        return self.head if weight.component == "embedding" else weight.linear

    def components(self, shape: ModelShape) -> dict[Component, int]:
        """Bytes of each component. The CPU's int8 head is its own, also where it was tied."""
        total = dict.fromkeys(COMPONENTS, 0)
        for weight in shape.weights:
            total[weight.component] += self.bytes_of(weight)
        if shape.tied and self.made_from_files:
            total["head"] += shape.vocabulary * (shape.hidden + INT8_ROW_CPU)
        return total

    def total(self, shape: ModelShape) -> int:
        return sum(self.components(shape).values())

    def unpacked(self, shape: ModelShape) -> int:
        """The largest matrix that is unpacked for a product of many rows, which bitsandbytes does
        with NF4; with a quantised head that is the head."""
        if self.method != "nf4":
            return 0
        largest = max((w.elements for w in shape.weights if self.quantises(w)), default=0)
        return largest * DTYPE_BYTES[self.dtype]

    def while_loading(self, shape: ModelShape) -> int:
        """The most that the weights take before all of them are in their final form: the head is
        quantised last."""
        if self.made_from_files:
            return shape.parameters * DTYPE_BYTES.get(shape.stored_dtype, 4)
        return Storage(self.method, False, self.dtype, self.gpu).total(shape)


def kv_bytes(cache: LayerCache, dtype: str) -> int:
    """Of one token in the cache of a layer; `dtype` is int8 or a computation's."""
    if dtype == "int8":
        return cache.elements + 2 * cache.heads * KV_SCALE
    return cache.elements * DTYPE_BYTES[dtype]


def _nf4(elements: int) -> int:
    blocks = _up(elements, NF4_BLOCK)
    return _up(elements, 2) + blocks + 4 * _up(blocks, ABSMAX_BLOCK) + NF4_TABLES


def _up(count: int, size: int) -> int:
    return -(-count // size)
