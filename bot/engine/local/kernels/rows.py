"""What a decoder layer does to each token by itself, a Triton kernel each: norms, rotary
embeddings, the gate. They compute in float32 and round once, where the model rounds each step."""

from __future__ import annotations

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

from bot.engine.local.kernels.overlap import launch_options


class Places(NamedTuple):
    """Pools of keys and values [blocks, block size, KV heads, D], and where in them, counted in
    tokens, each of T tokens belongs. Pools in int8 have scales [blocks, KV heads, block size]."""

    keys: torch.Tensor
    values: torch.Tensor
    slots: torch.Tensor
    key_scales: torch.Tensor | None = None
    value_scales: torch.Tensor | None = None

    @property
    def int8(self) -> bool:
        return self.key_scales is not None

    def constants(self) -> dict[str, int | bool]:
        """What kernels that store have to know at compilation."""
        return {"STORED": self.keys.shape[1], "INT8": self.int8}


PROMPT = 128
"""From so many tokens on there is work enough for large programs."""


@triton.jit
def _add_norm(x, added, weight, total, out, eps, size, ADDS: tl.constexpr, BLOCK: tl.constexpr,
              OVERLAP: tl.constexpr):  # fmt: skip
    if OVERLAP:
        gdc_launch_dependents()
        gdc_wait()
    row = tl.program_id(0).to(tl.int64)
    column = tl.arange(0, BLOCK)
    inside = column < size
    value = tl.load(x + row * size + column, mask=inside, other=0.0).to(tl.float32)
    if ADDS:
        value += tl.load(added + row * size + column, mask=inside, other=0.0).to(tl.float32)
        value = value.to(total.dtype.element_ty)  # as the model keeps it
        tl.store(total + row * size + column, value, mask=inside)
        value = value.to(tl.float32)
    scale = 1 / tl.sqrt(tl.sum(value * value) / size + eps)
    factor = tl.load(weight + column, mask=inside, other=0.0).to(tl.float32)
    tl.store(out + row * size + column, value * scale * factor, mask=inside)


def add_norm(
    x: torch.Tensor, added: torch.Tensor | None, weight: torch.Tensor, eps: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """x, added [T, size] → their sum, and its RMS norm times `weight`."""
    rows, size = x.shape
    out = torch.empty_like(x)
    total = x if added is None else torch.empty_like(x)
    _add_norm[(rows,)](
        x, x if added is None else added, weight, total, out, eps, size,
        ADDS=added is not None, BLOCK=triton.next_power_of_2(size), num_warps=8,
        **launch_options(x.device),
    )  # fmt: skip
    return total, out


@triton.jit
def _scale(largest):
    """Of vectors with so large an element; this and _codes are what kv_int8.quantise does."""
    return tl.maximum(largest, 1e-30) / 127


@triton.jit
def _codes(x, inverse):
    return tl.floor(x * inverse + 0.5).to(tl.int8)


@triton.jit
def _scale_place(slot, head, heads, STORED: tl.constexpr):
    return (slot // STORED * heads + head) * STORED + slot % STORED


@triton.jit
def _store_halves(pool, scales, slot, head, heads, first, second, kept,
                  HALF: tl.constexpr, STORED: tl.constexpr, INT8: tl.constexpr):  # fmt: skip
    """Those of the heads' vectors that are to be `kept`, each as two halves [heads, HALF]."""
    into = pool + (slot * heads + head)[:, None] * 2 * HALF + tl.arange(0, HALF)[None, :]
    if INT8:
        scale = _scale(tl.maximum(tl.max(tl.abs(first), 1), tl.max(tl.abs(second), 1)))
        tl.store(scales + _scale_place(slot, head, heads, STORED), scale, mask=kept)
        inverse = (1 / scale)[:, None]
        first, second = _codes(first, inverse), _codes(second, inverse)
    tl.store(into, first, mask=kept[:, None])
    tl.store(into + HALF, second, mask=kept[:, None])


@triton.jit
def _rotate(qkv, cos, sin, query_norm, key_norm, eps, stride, queries, turned, heads,
            keys, values, slots, key_scales, value_scales,
            HEADS: tl.constexpr, HALF: tl.constexpr, NORMS: tl.constexpr, STORED: tl.constexpr,
            INT8: tl.constexpr, OVERLAP: tl.constexpr):  # fmt: skip
    """Program (token, HEADS of its heads). STORED is the pools' block size, 0 without them."""
    if OVERLAP:
        gdc_launch_dependents()
        gdc_wait()
    token = tl.program_id(0).to(tl.int64)
    head = tl.program_id(1) * HEADS + tl.arange(0, HEADS)
    place = tl.arange(0, HALF)
    there, turns = (head < heads)[:, None], (head < turned)[:, None]
    at = qkv + token * stride + head[:, None] * 2 * HALF + place[None, :]
    first = tl.load(at, mask=there, other=0.0).to(tl.float32)
    second = tl.load(at + HALF, mask=there, other=0.0).to(tl.float32)
    if STORED:
        slot, kept_heads = tl.load(slots + token).to(tl.int64), heads - turned
        is_value = (head >= turned) & (head < heads)
        _store_halves(values, value_scales, slot, head - turned, kept_heads, first, second,
                      is_value, HALF, STORED, INT8)  # fmt: skip
    if NORMS:
        squares = tl.sum(first * first, 1) + tl.sum(second * second, 1)
        scale = 1 / tl.sqrt(squares / (2 * HALF) + eps)[:, None]
        is_query = (head < queries)[:, None]
        a, b = tl.load(query_norm + place), tl.load(key_norm + place)
        first *= scale * tl.where(is_query, a[None, :], b[None, :]).to(tl.float32)
        a, b = tl.load(query_norm + HALF + place), tl.load(key_norm + HALF + place)
        second *= scale * tl.where(is_query, a[None, :], b[None, :]).to(tl.float32)
    angle = token * 2 * HALF + place
    c, s = tl.load(cos + angle).to(tl.float32), tl.load(sin + angle).to(tl.float32)
    c2, s2 = tl.load(cos + angle + HALF).to(tl.float32), tl.load(sin + angle + HALF).to(tl.float32)
    left, right = first * c - second * s, second * c2 + first * s2
    tl.store(at, left, mask=turns)
    tl.store(at + HALF, right, mask=turns)
    if STORED:
        is_key = (head >= queries) & (head < turned)
        _store_halves(keys, key_scales, slot, head - queries, kept_heads, left, right,
                      is_key, HALF, STORED, INT8)  # fmt: skip


def rotate(
    qkv: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, queries: int, keys: int,
    norms: tuple[torch.Tensor, torch.Tensor, float] | None = None, places: Places | None = None,
) -> None:  # fmt: skip
    """Turns the first `queries` + `keys` heads of qkv [T, heads, D] in place, each halves'
    pair by its angle; cos, sin [T, D]. `norms` are weights of query and key heads' RMS norm
    before that, and its epsilon. Keys and values go to their `places` too."""
    query_norm, key_norm, eps = norms or (cos, cos, 0.0)
    turned = queries + keys
    heads = turned if places is None else turned + keys
    many = 2 if len(qkv) < PROMPT else 16  # small programs for few tokens
    _rotate[(len(qkv), triton.cdiv(heads, many))](
        qkv, cos, sin, query_norm, key_norm, eps, qkv.stride(0), queries, turned, heads,
        *(places or (None,) * len(Places._fields)),
        HEADS=many, HALF=qkv.shape[2] // 2, NORMS=norms is not None,
        **(places.constants() if places else {"STORED": 0, "INT8": False}),
        num_warps=1 if many == 2 else 4, **launch_options(qkv.device),
    )  # fmt: skip


@triton.jit
def _store_vector(pool, scales, slot, head, heads, vector,
                  SIZE: tl.constexpr, BLOCK: tl.constexpr, STORED: tl.constexpr,
                  INT8: tl.constexpr):  # fmt: skip
    place = tl.arange(0, BLOCK)
    x = tl.load(vector + place, mask=place < SIZE, other=0.0)
    if INT8:
        x = x.to(tl.float32)
        scale = _scale(tl.max(tl.abs(x), 0))
        tl.store(scales + _scale_place(slot, head, heads, STORED), scale)
        x = _codes(x, 1 / scale)
    tl.store(pool + (slot * heads + head) * SIZE + place, x, mask=place < SIZE)


@triton.jit
def _store(key, value, keys, values, slots, key_scales, value_scales,
           key_row, key_head, value_row, value_head,
           KEY: tl.constexpr, KEYS: tl.constexpr, VALUE: tl.constexpr, VALUES: tl.constexpr,
           STORED: tl.constexpr, INT8: tl.constexpr, OVERLAP: tl.constexpr):  # fmt: skip
    if OVERLAP:
        gdc_launch_dependents()
        gdc_wait()
    token, head, heads = tl.program_id(0).to(tl.int64), tl.program_id(1), tl.num_programs(1)
    slot = tl.load(slots + token).to(tl.int64)
    key += token * key_row + head * key_head
    value += token * value_row + head * value_head
    _store_vector(keys, key_scales, slot, head, heads, key, KEY, KEYS, STORED, INT8)
    _store_vector(values, value_scales, slot, head, heads, value, VALUE, VALUES, STORED, INT8)


def store(key: torch.Tensor, value: torch.Tensor, places: Places) -> None:
    """key, value [T, KV heads, D], each head contiguous → their `places`."""
    _store[(len(key), key.shape[1])](
        key, value, *places,
        key.stride(0), key.stride(1), value.stride(0), value.stride(1),
        KEY=key.shape[2], KEYS=triton.next_power_of_2(key.shape[2]),
        VALUE=value.shape[2], VALUES=triton.next_power_of_2(value.shape[2]),
        **places.constants(), num_warps=1, **launch_options(key.device),
    )  # fmt: skip


@triton.jit
def _gate(gate, up, count, BLOCK: tl.constexpr, OVERLAP: tl.constexpr):
    if OVERLAP:
        gdc_launch_dependents()
        gdc_wait()
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < count
    value = tl.load(gate + at, mask=inside, other=0.0).to(tl.float32)
    factor = tl.load(up + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(gate + at, value * tl.sigmoid(value) * factor, mask=inside)


def gate_(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    """silu(gate) * up, both of one shape and contiguous, in place of gate."""
    block = 2048
    _gate[(triton.cdiv(gate.numel(), block),)](
        gate, up, gate.numel(), BLOCK=block, num_warps=8, **launch_options(gate.device)
    )
    return gate


@triton.jit
def _mass(scores, highest, temperature, out, stride, size, BLOCK: tl.constexpr,
          OVERLAP: tl.constexpr):  # fmt: skip
    if OVERLAP:
        gdc_launch_dependents()
        gdc_wait()
    row, part = tl.program_id(0).to(tl.int64), tl.program_id(1)
    column = part * BLOCK + tl.arange(0, BLOCK)
    score = tl.load(scores + row * stride + column, mask=column < size, other=float("-inf"))
    distance = score.to(tl.float32) - tl.load(highest + row).to(tl.float32)
    weight = tl.exp(distance / tl.load(temperature + row))
    tl.store(out + row * tl.num_programs(1) + part, tl.sum(weight))


def largest_share(scores: torch.Tensor, temperature: torch.Tensor) -> torch.Tensor:
    """Like `candidates.largest_share`, in one pass."""
    rows, size = scores.shape
    block = 8192
    parts = torch.empty(rows, triton.cdiv(size, block), device=scores.device)
    _mass[tuple(parts.shape)](
        scores, scores.amax(-1), temperature.contiguous(), parts, scores.stride(0), size,
        BLOCK=block, num_warps=8, **launch_options(scores.device),
    )  # fmt: skip
    return parts.sum(-1, keepdim=True).reciprocal()
