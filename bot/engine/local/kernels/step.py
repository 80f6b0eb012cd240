"""What a step does in each layer by our own kernels: new keys and values go to their places in the
paged cache, and queries read it where it lies."""

from __future__ import annotations

from collections.abc import Sequence as Many

import torch

from bot.engine.local.kernels.paged_attention import attend_tiles
from bot.engine.local.kernels.rows import Places, store
from bot.engine.local.kernels.tiles import Tiles, cut_tiles
from bot.engine.local.kvcache import KVCache
from bot.engine.local.sequence import Slice, slots_of

ALIGNED = 16
"""Triton compiles a kernel anew for numbers that are no multiple of it."""


class KernelStep:
    """Of sequences that have their blocks in `table` [B, most] of int32, and whose new tokens go to
    `slots` [T], counted in tokens; all on the device."""

    def __init__(
        self, cache: KVCache, table: torch.Tensor, slots: torch.Tensor, tiles: Many[Tiles]
    ) -> None:
        self._cache, self._table, self._slots, self._tiles = cache, table, slots, tiles

    def attend(
        self,
        layer: int,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        scale: float,
        window: int | None,
    ) -> torch.Tensor:
        store(key.transpose(0, 1), value.transpose(0, 1), self.places(layer))
        return self.read(layer, query.transpose(0, 1), scale, window)

    def places(self, layer: int) -> Places:
        """Where the new keys and values belong."""
        pools = (self._cache.keys[layer], self._cache.values[layer])
        return Places(*pools, self._slots, *self._cache.scales[layer])

    def read(
        self, layer: int, query: torch.Tensor, scale: float, window: int | None
    ) -> torch.Tensor:
        """The rest of `attend`, once they are there: query [T, H, D] → [T, H, D of values]."""
        places = self.places(layer)
        in_all_rows = all(tiles.used is None for tiles in self._tiles)
        make = query.new_empty if in_all_rows else query.new_zeros
        out = make(*query.shape[:2], places.values.shape[3])
        for tiles in self._tiles:
            attend_tiles(query, places, self._table, tiles, scale, window, out)
        return out


def decode_step(cache: KVCache, table: torch.Tensor, positions: torch.Tensor) -> KernelStep:
    """Each sequence has one new token, at `positions` [B]: nothing here depends on their values,
    so the step can be captured."""
    block = table.gather(1, (positions // cache.block_size)[:, None].long())[:, 0]
    slots = block * cache.block_size + positions % cache.block_size
    order = torch.arange(len(positions), device=positions.device)
    tiles = torch.stack([order, order, torch.ones_like(order), positions], 1)
    return KernelStep(cache, table, slots, [Tiles(tiles.int(), width=1)])


def prompt_step(
    cache: KVCache, slices: Many[Slice], width: int, device: torch.device
) -> KernelStep:
    """Pieces of prompts, in tiles of `width` tokens, and single tokens beside them: `slices` in the
    order of the packed row, those of one token first."""
    seen = [each.sequence.blocks[: -(-each.end // cache.block_size)] for each in slices]
    most = -(-max(map(len, seen)) // ALIGNED) * ALIGNED
    table = [blocks + [cache.padding_block] * (most - len(blocks)) for blocks in seen]
    slots = slots_of(slices, cache.block_size)
    return KernelStep(
        cache,
        torch.tensor(table, dtype=torch.int32, device=device),
        torch.tensor(slots, device=device),
        cut_tiles(slices, width, device),
    )
