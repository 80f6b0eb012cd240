"""How the work of attention over the paged cache is cut: into tiles of queries, which programs
share by their context. Pure arithmetic; the kernel is in paged_attention.py."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import torch

from bot.engine.local.sequence import Slice

MOST_ROWS = 128
"""Of a matrix product: tokens of a tile times query heads that share a key head."""
PROGRAMS = 264
"""That the work of a step is split among, as far as SPLITS allows: two a multiprocessor."""
FULL = 192
"""Sequences times key heads that fill a card without being split."""
SPLITS = (4, 32)
"""At least and at most: even in a full batch, one long context must not hold up the rest."""
PROMPT_SPLITS = 16
"""At most."""
SHARE = 256
"""Tokens of a prompt's context that are worth a program of their own."""
SHARED = 2**15
"""Bytes of shared memory for a prompt's queries, and for two stages of its keys or values: what an
Ampere of any size has for all three."""


class Tiles(NamedTuple):
    """Up to `width` successive tokens each, of one sequence, in `table` [n, 4] of int32: the
    sequence, the row of the first token among the queries, how many there are, the first one's
    position. Of prompts, `longest` is the longest context in tokens; `used` is how many tiles have
    tokens as a rule, where there may be rows in none."""

    table: torch.Tensor
    width: int
    longest: int | None = None
    used: int | None = None


class Cut(NamedTuple):
    """Each context goes to `splits` programs, in shares of at least `share` tokens, of which a
    program looks at `tokens` at a time; the former is a multiple of the latter."""

    splits: int
    share: int
    tokens: int
    warps: int = 4
    stages: int = 2


def tiles_of(slices: Sequence[Slice], width: int) -> list[tuple[int, int, int, int]]:
    """Of the packed row of `slices`: sequence, row, count, position."""
    tiles: list[tuple[int, int, int, int]] = []
    row = 0
    for number, each in enumerate(slices):
        for start in range(each.start, each.end, width):
            count = min(width, each.end - start)
            tiles.append((number, row, count, start))
            row += count
    return tiles


def cut_tiles(slices: Sequence[Slice], width: int, device: torch.device) -> list[Tiles]:
    """Single tokens, which come first, apart from pieces of prompts."""
    longest = max(each.end for each in slices)
    found = []
    for single, part in groupby(tiles_of(slices, width), lambda tile: slices[tile[0]].count == 1):
        table = torch.tensor(list(part), dtype=torch.int32, device=device)
        found.append(Tiles(table, 1) if single else Tiles(table, width, longest))
    return found


def tile_width(heads: int, kv_heads: int, head_bytes: int) -> int:
    """How many tokens of a prompt fill a tile."""
    return max(1, min(MOST_ROWS, SHARED // head_bytes) * kv_heads // heads)


def cut_for(tiles: Tiles, kv_heads: int, head_bytes: int) -> Cut:
    """`head_bytes` are those of a head of keys or values, as they are multiplied."""
    pairs = (tiles.used or len(tiles.table)) * kv_heads
    if tiles.longest is None:
        return cut_decoding(pairs, head_bytes)
    return cut_prompts(pairs, tiles.longest, head_bytes)


def cut_decoding(pairs: int, head_bytes: int) -> Cut:
    """For so many sequences times key heads: what was fastest of some dozens on an H100."""
    most_tokens = SHARED // head_bytes
    if pairs >= FULL:
        return Cut(SPLITS[0], 512, min(128, most_tokens))
    least, most = SPLITS
    wanted = power_of_2(-(-PROGRAMS // pairs))
    return Cut(min(most, max(least, wanted)), 64, min(64, most_tokens))


def cut_prompts(pairs: int, longest: int, head_bytes: int) -> Cut:
    """For so many tiles times key heads."""
    wanted = min(PROGRAMS // pairs, -(-longest // SHARE), PROMPT_SPLITS)
    splits = 2 ** max(0, wanted.bit_length() - 1)
    return Cut(splits, SHARE, max(16, min(64, SHARED // 2 // head_bytes)), 8)


def power_of_2(number: int) -> int:
    """The smallest that is no smaller."""
    return 1 << (number - 1).bit_length()
