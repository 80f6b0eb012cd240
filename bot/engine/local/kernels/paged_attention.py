"""Attention over the paged cache, as a Triton kernel: of one new token a sequence, and of prompts.

The query heads that share a key head go together, and so do successive tokens of a prompt: as rows
of a matrix product. Blocks are read where they lie. Where there are few programs, a context is
split among several, each of which keeps its own maximum and sum; a second kernel joins what they
found (flash-decoding, https://crfm.stanford.edu/2023/10/12/flashdecoding.html).
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

from bot.engine.local.kernels import tiles as cutting
from bot.engine.local.kernels.overlap import launch_options
from bot.engine.local.kernels.rows import Places
from bot.engine.local.kernels.tiles import Tiles, power_of_2

LEAST_ROWS = 16
"""Of a matrix product."""


@triton.jit
def _attend(query, keys, values, key_scales, value_scales, blocks, tiles, out, parts, peaks,
            scale, window, blocks_stride, query_row, query_head, out_row,
            BLOCK: tl.constexpr, GROUP: tl.constexpr, ROWS: tl.constexpr, PAIRS: tl.constexpr,
            KEY: tl.constexpr, KEYS: tl.constexpr, VALUE: tl.constexpr, VALUES: tl.constexpr,
            STEP: tl.constexpr, SHARE: tl.constexpr, SPLIT: tl.constexpr,
            INT8: tl.constexpr, OVERLAP: tl.constexpr):  # fmt: skip
    """Program (tile, key head, split); a row is a (token, query head) of the tile, of PAIRS at
    most. Without a SPLIT it writes to `out`; otherwise parts [tiles, KV, splits, PAIRS, VALUE] hold
    sums that are still to be divided, and peaks [tiles, KV, splits, PAIRS, 2] each maximum (base 2)
    and divisor, which is 0 where a split has nothing that the row may see. In INT8 scales are not
    multiplied with keys and values but with what belongs to a key or a value: score and weight."""
    if OVERLAP:
        gdc_launch_dependents()
        gdc_wait()
    tile, h, s = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    heads, splits = tl.num_programs(1), tl.num_programs(2)
    sequence, place = tl.load(tiles + tile * 4), tl.load(tiles + tile * 4 + 1)
    count, position = tl.load(tiles + tile * 4 + 2), tl.load(tiles + tile * 4 + 3)
    length = position + count
    first = tl.maximum(position - window + 1, 0)
    share = tl.maximum(tl.cdiv(tl.cdiv(length - first, splits), STEP) * STEP, SHARE)
    start = first + s * share
    end = tl.minimum(start + share, length)
    row, k, v = tl.arange(0, ROWS), tl.arange(0, KEYS), tl.arange(0, VALUES)
    token, head, real = place + row // GROUP, h * GROUP + row % GROUP, row < count * GROUP
    at = query + token.to(tl.int64) * query_row + head * query_head
    q = tl.load(at[:, None] + k[None, :], mask=real[:, None] & (k < KEY)[None, :], other=0.0)
    last = position + tl.minimum(row // GROUP, count - 1)
    peak = tl.full((ROWS,), -1e20, tl.float32)  # above what is hidden
    divisor = tl.zeros((ROWS,), tl.float32)
    total = tl.zeros((ROWS, VALUES), tl.float32)
    for begin in range(start, end, STEP):
        context = begin + tl.arange(0, STEP)
        there = context < end
        block = tl.load(blocks + sequence * blocks_stride + context // BLOCK, mask=there, other=0)
        slot = (block.to(tl.int64) * BLOCK + context % BLOCK) * heads + h
        key = tl.load(keys + slot[None, :] * KEY + k[:, None],
                      mask=there[None, :] & (k < KEY)[:, None], other=0.0)  # fmt: skip
        score = tl.dot(q, key.to(q.dtype), input_precision="ieee") * scale
        if INT8:
            scaled = (block.to(tl.int64) * heads + h) * BLOCK + context % BLOCK
            score *= tl.load(key_scales + scaled, mask=there, other=0.0)[None, :]
        distance = last[:, None] - context[None, :]
        score = tl.where((distance >= 0) & (distance < window), score, -1e30)
        higher = tl.maximum(peak, tl.max(score, 1))
        weight = tl.exp2(score - higher[:, None])
        shrink = tl.exp2(peak - higher)
        value = tl.load(values + slot[:, None] * VALUE + v[None, :],
                        mask=there[:, None] & (v < VALUE)[None, :], other=0.0)  # fmt: skip
        divisor = divisor * shrink + tl.sum(weight, 1)
        if INT8:
            weight *= tl.load(value_scales + scaled, mask=there, other=0.0)[None, :]
        product = tl.dot(weight.to(q.dtype), value.to(q.dtype), input_precision="ieee")
        total = total * shrink[:, None] + product
        peak = higher
    kept = real[:, None] & (v < VALUE)[None, :]
    if SPLIT:
        part = ((tile * heads + h) * splits + s).to(tl.int64) * PAIRS + row
        tl.store(parts + part[:, None] * VALUE + v[None, :], total, mask=kept & (start < end))
        tl.store(peaks + part * 2, peak, mask=real)
        tl.store(peaks + part * 2 + 1, divisor, mask=real)
    else:
        at = out + token.to(tl.int64) * out_row + head * VALUE
        result = total / tl.where(real, divisor, 1.0)[:, None]
        tl.store(at[:, None] + v[None, :], result, mask=kept)


@triton.jit
def _join(parts, peaks, tiles, out, heads, out_row,
          GROUP: tl.constexpr, PAIRS: tl.constexpr, VALUE: tl.constexpr, VALUES: tl.constexpr,
          SPLITS: tl.constexpr, OVERLAP: tl.constexpr):  # fmt: skip
    """Program (tile and key head, row)."""
    if OVERLAP:
        gdc_launch_dependents()
        gdc_wait()
    tile, h, row = tl.program_id(0) // heads, tl.program_id(0) % heads, tl.program_id(1)
    token, count = tl.load(tiles + tile * 4 + 1) + row // GROUP, tl.load(tiles + tile * 4 + 2)
    s, v = tl.arange(0, SPLITS), tl.arange(0, VALUES)
    part = (tl.program_id(0).to(tl.int64) * SPLITS + s) * PAIRS + row
    peak, divisor = tl.load(peaks + part * 2), tl.load(peaks + part * 2 + 1)
    if row < count * GROUP:
        there = divisor > 0
        peak = tl.where(there, peak, -1e30)
        weight = tl.where(there, tl.exp2(peak - tl.max(peak, 0)), 0.0)
        sums = tl.load(parts + part[:, None] * VALUE + v[None, :],
                       mask=there[:, None] & (v < VALUE)[None, :], other=0.0)  # fmt: skip
        result = tl.sum(sums * weight[:, None], 0) / tl.sum(divisor * weight, 0)
        at = out + token.to(tl.int64) * out_row + (h * GROUP + row % GROUP) * VALUE
        tl.store(at + v, result, mask=v < VALUE)


def attend_tiles(
    query: torch.Tensor, pools: Places, blocks: torch.Tensor, tiles: Tiles, scale: float,
    window: int | None, out: torch.Tensor,
) -> None:  # fmt: skip
    """The rows of query [T, H, D] that are in `tiles` see the tokens up to their own, or the last
    `window` of them, of their sequence's `blocks` [B, most] in the pools → the same rows of out
    [T, H, D of values]. `blocks` may be wider than needed."""
    heads, dim = query.shape[1:]
    keys, values = pools.keys, pools.values
    block, kv_heads, value_dim = keys.shape[1], keys.shape[2], values.shape[3]
    group, key_width, value_width = heads // kv_heads, power_of_2(dim), power_of_2(value_dim)
    pairs, rows = len(tiles.table) * kv_heads, tiles.width * group
    cut = cutting.cut_for(tiles, kv_heads, max(key_width, value_width) * query.element_size())
    count = pairs * cut.splits * rows if cut.splits > 1 else 0
    parts = torch.empty((count, value_dim), dtype=torch.float32, device=query.device)
    peaks = torch.empty((count, 2), dtype=torch.float32, device=query.device)
    _attend[(len(tiles.table), kv_heads, cut.splits)](
        query, keys, values, pools.key_scales, pools.value_scales,
        blocks, tiles.table, out, parts, peaks,
        scale * 1.4426950408889634, window or 2**30, blocks.stride(0),
        query.stride(0), query.stride(1), out.stride(0),
        BLOCK=block, GROUP=group, ROWS=max(LEAST_ROWS, power_of_2(rows)), PAIRS=rows,
        KEY=dim, KEYS=key_width, VALUE=value_dim, VALUES=value_width,
        STEP=cut.tokens, SHARE=cut.share, SPLIT=cut.splits > 1, INT8=pools.int8,
        num_warps=cut.warps, num_stages=cut.stages, **launch_options(query.device),
    )  # fmt: skip
    if cut.splits > 1:
        _join[(pairs, rows)](
            parts, peaks, tiles.table, out, kv_heads, out.stride(0),
            GROUP=group, PAIRS=rows, VALUE=value_dim, VALUES=value_width, SPLITS=cut.splits,
            num_warps=1, **launch_options(query.device),
        )  # fmt: skip
