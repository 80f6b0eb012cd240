"""Attention of one new token a sequence over the paged cache, as a Triton kernel.

The query heads that share a key head go together, as rows of a matrix product. A long context is
split among several programs, each of which keeps its own maximum and sum; a second kernel joins
what they found (flash-decoding, https://crfm.stanford.edu/2023/10/12/flashdecoding.html).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

from bot.engine.local.kernels.overlap import launch_options

LEAST_ROWS = 16
"""Of a matrix product."""
PROGRAMS = 264
"""That one sequence is split among, as far as SPLITS allows."""
FULL = 192
"""Sequences times key heads that fill a card without being split."""
SPLITS = (4, 32)
"""At least and at most: even in a full batch, one long context must not hold up the rest."""


class Cut(NamedTuple):
    """Each context goes to `splits` programs, in shares of at least `share` tokens, of which a
    program looks at `tokens` at a time."""

    splits: int
    share: int
    tokens: int


def cut_for(pairs: int) -> Cut:
    """For so many sequences times key heads: what was fastest of some dozens on an H100."""
    if pairs >= FULL:
        return Cut(SPLITS[0], 512, 128)
    least, most = SPLITS
    wanted: int = triton.next_power_of_2(-(-PROGRAMS // pairs))
    return Cut(min(most, max(least, wanted)), 64, 64)


@triton.jit
def _attend(query, keys, values, table, lengths, parts, peaks, scale, window, table_stride,
            query_row, query_head,
            BLOCK: tl.constexpr, GROUP: tl.constexpr, ROWS: tl.constexpr, KEY: tl.constexpr,
            VALUE: tl.constexpr, STEP: tl.constexpr, SHARE: tl.constexpr,
            OVERLAP: tl.constexpr):  # fmt: skip
    """Program (sequence, key head, split); parts [B, KV, splits, GROUP, VALUE] hold sums that are
    still to be divided, peaks [B, KV, splits, GROUP, 2] each maximum (base 2) and divisor, which
    is 0 where nothing was left to a split."""
    if OVERLAP:
        gdc_launch_dependents()
        gdc_wait()
    b, h, s = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    heads, splits = tl.num_programs(1), tl.num_programs(2)
    length = tl.load(lengths + b)
    first = tl.maximum(length - window, 0)
    share = tl.maximum(tl.cdiv(tl.cdiv(length - first, splits), STEP) * STEP, SHARE)
    start = first + s * share
    end = tl.minimum(start + share, length)
    row, k, v = tl.arange(0, ROWS), tl.arange(0, KEY), tl.arange(0, VALUE)
    real = row < GROUP
    at = query + b * query_row + (h * GROUP + row[:, None]) * query_head + k[None, :]
    q = tl.load(at, mask=real[:, None], other=0.0)
    peak = tl.full((ROWS,), -1e30, tl.float32)
    divisor = tl.zeros((ROWS,), tl.float32)
    total = tl.zeros((ROWS, VALUE), tl.float32)
    for position in range(start, end, STEP):
        token = position + tl.arange(0, STEP)
        seen = token < end
        block = tl.load(table + b * table_stride + token // BLOCK, mask=seen, other=0)
        slot = (block.to(tl.int64) * BLOCK + token % BLOCK) * heads + h
        key = tl.load(keys + slot[None, :] * KEY + k[:, None], mask=seen[None, :], other=0.0)
        score = tl.dot(q, key.to(q.dtype), input_precision="ieee") * scale
        score = tl.where(seen[None, :], score, -1e30)
        higher = tl.maximum(peak, tl.max(score, 1))
        weight = tl.exp2(score - higher[:, None])
        shrink = tl.exp2(peak - higher)
        value = tl.load(values + slot[:, None] * VALUE + v[None, :], mask=seen[:, None], other=0.0)
        product = tl.dot(weight.to(q.dtype), value.to(q.dtype), input_precision="ieee")
        total = total * shrink[:, None] + product
        divisor = divisor * shrink + tl.sum(weight, 1)
        peak = higher
    place = ((b * heads + h) * splits + s) * GROUP + row
    busy = real & (start < end)
    tl.store(parts + place[:, None] * VALUE + v[None, :], total, mask=busy[:, None])
    tl.store(peaks + place * 2, peak, mask=real)
    tl.store(peaks + place * 2 + 1, divisor, mask=real)


@triton.jit
def _join(parts, peaks, out, GROUP: tl.constexpr, VALUE: tl.constexpr,
          COUNT: tl.constexpr, OVERLAP: tl.constexpr):  # fmt: skip
    """Program (sequence and key head, query head of it)."""
    if OVERLAP:
        gdc_launch_dependents()
        gdc_wait()
    pair, member = tl.program_id(0), tl.program_id(1)
    s, v = tl.arange(0, COUNT), tl.arange(0, VALUE)
    place = (pair * COUNT + s) * GROUP + member
    divisor = tl.load(peaks + place * 2 + 1)
    there = divisor > 0
    peak = tl.load(peaks + place * 2, mask=there, other=-1e30)
    weight = tl.where(there, tl.exp2(peak - tl.max(peak, 0)), 0.0)
    part = tl.load(parts + place[:, None] * VALUE + v[None, :], mask=there[:, None], other=0.0)
    result = tl.sum(part * weight[:, None], 0) / tl.sum(divisor * weight, 0)
    tl.store(out + (pair * GROUP + member) * VALUE + v, result)


def decode_attention(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, table: torch.Tensor,
    lengths: torch.Tensor, scale: float, window: int | None,
) -> torch.Tensor:  # fmt: skip
    """query [B, H, D] sees the first `lengths` [B] tokens of its blocks `table` [B, most] in the
    pools [blocks, block size, KV heads, D], or the last `window` of them → [B, H, D of values].
    The table may be wider than needed. Dimensions of heads are powers of 2."""
    batch, heads, dim = query.shape
    block, kv_heads, value_dim = keys.shape[1], keys.shape[2], values.shape[3]
    group = heads // kv_heads
    splits, share, tokens = cut_for(batch * kv_heads)
    parts = torch.empty(
        (batch * kv_heads * splits * group, value_dim), dtype=torch.float32, device=query.device
    )
    peaks = torch.empty((len(parts), 2), dtype=torch.float32, device=query.device)
    out = torch.empty((batch, heads, value_dim), dtype=query.dtype, device=query.device)
    _attend[(batch, kv_heads, splits)](
        query, keys, values, table, lengths, parts, peaks,
        scale * 1.4426950408889634, window or 2**30, table.stride(0),
        query.stride(0), query.stride(1),
        BLOCK=block, GROUP=group, ROWS=max(LEAST_ROWS, triton.next_power_of_2(group)),
        KEY=dim, VALUE=value_dim, STEP=tokens, SHARE=share, num_warps=4, num_stages=2,
        **launch_options(query.device),
    )  # fmt: skip
    _join[(batch * kv_heads, group)](
        parts, peaks, out, GROUP=group, VALUE=value_dim, COUNT=splits, num_warps=1,
        **launch_options(query.device),
    )  # fmt: skip
    return out
