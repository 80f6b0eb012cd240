"""How the work of attention is cut into tiles and programs."""

from __future__ import annotations

import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.engine.local.kernels import tiles
from bot.engine.local.kernels.tiles import cut_tiles
from bot.engine.local.sequence import Sequence, Slice


@given(
    pieces=st.lists(st.tuples(st.integers(0, 900), st.integers(2, 300)), max_size=5),
    singles=st.integers(0, 3),
    width=st.integers(1, 128),
)
def test_every_token_is_in_one_tile_and_single_ones_are_apart(
    pieces: list[tuple[int, int]], singles: int, width: int
) -> None:
    parts = [(7, 1)] * singles + pieces
    assume(parts)
    slices = [
        Slice(Sequence([], n), start, start + count) for n, (start, count) in enumerate(parts)
    ]
    every = cut_tiles(slices, width, torch.device("cpu"))
    cut = [tile for each in every for tile in each.table.tolist()]
    rows = [(number, row + n, at + n) for number, row, count, at in cut for n in range(count)]
    packed = [(n, at) for n, each in enumerate(slices) for at in range(each.start, each.end)]
    assert rows == [(number, row, at) for row, (number, at) in enumerate(packed)]
    assert all(int(each.table[:, 2].max()) <= each.width for each in every)
    widths = [1] * (singles > 0) + [width] * (pieces != [])
    assert [each.width for each in every] == widths


@given(pairs=st.integers(1, 5000), longest=st.integers(1, 131072))
def test_splits_are_powers_of_2_that_have_something_to_do(pairs: int, longest: int) -> None:
    for head_bytes in (32, 128, 256, 512, 1024):
        cut = tiles.cut_prompts(pairs, longest, head_bytes)
        assert cut.splits in (1, 2, 4, 8, 16)
        assert cut.splits == 1 or (cut.splits - 1) * cut.share < longest
        assert cut.splits == 1 or cut.splits * pairs <= tiles.PROGRAMS
        for each in (cut, tiles.cut_decoding(pairs, head_bytes)):
            assert each.tokens in (16, 32, 64, 128)
            assert each.share % each.tokens == 0
