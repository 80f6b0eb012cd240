"""What a step does in each layer by our own kernels: new keys and values go to their places in the
paged cache, and queries read it where it lies."""

from __future__ import annotations

from collections.abc import Sequence as Many

import torch

from bot.engine.local.kernels.paged_attention import attend_tiles
from bot.engine.local.kernels.rows import Places, store
from bot.engine.local.kernels.tiles import Tiles, cut_tiles, tile_width
from bot.engine.local.kvcache import KVCache
from bot.engine.local.sequence import Slice


class KernelStep:
    """Of sequences that have their blocks in `table` [B, most] of int32, and whose new tokens go to
    `slots` [T], counted in tokens; both on the device."""

    def __init__(self, cache: KVCache, table: torch.Tensor, slots: torch.Tensor) -> None:
        self._cache, self._table, self._slots = cache, table, slots

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
        return Places(self._cache.keys[layer], self._cache.values[layer], self._slots)

    def read(
        self, layer: int, query: torch.Tensor, scale: float, window: int | None
    ) -> torch.Tensor:
        """The rest of `attend`, once they are there: query [T, H, D] → [T, H, D of values]."""
        keys, values, _ = self.places(layer)
        out = query.new_empty(*query.shape[:2], values.shape[3])
        for tiles in self._tiles(query, keys.shape[2]):
            attend_tiles(query, keys, values, self._table, tiles, scale, window, out)
        return out

    def _tiles(self, query: torch.Tensor, kv_heads: int) -> Many[Tiles]:
        raise NotImplementedError


class DecodeStep(KernelStep):
    """Each sequence has one new token, at `positions` [B]: nothing here depends on their values,
    so the step can be captured."""

    def __init__(self, cache: KVCache, table: torch.Tensor, positions: torch.Tensor) -> None:
        block = table.gather(1, (positions // cache.block_size)[:, None].long())[:, 0]
        super().__init__(cache, table, block * cache.block_size + positions % cache.block_size)
        order = torch.arange(len(positions), device=positions.device)
        tiles = torch.stack([order, order, torch.ones_like(order), positions], 1)
        self._all = [Tiles(tiles.int(), width=1)]

    def _tiles(self, query: torch.Tensor, kv_heads: int) -> Many[Tiles]:
        return self._all


class PromptStep(KernelStep):
    """Pieces of prompts, and single tokens beside them: `slices` in the order of the packed row,
    those of one token first."""

    def __init__(self, cache: KVCache, slices: Many[Slice], device: torch.device) -> None:
        size = cache.block_size
        slots = [each.sequence.blocks[at // size] * size + at % size
                 for each in slices for at in range(each.start, each.end)]  # fmt: skip
        seen = [each.sequence.blocks[: -(-each.end // size)] for each in slices]
        most = max(map(len, seen))
        table = [blocks + [cache.padding_block] * (most - len(blocks)) for blocks in seen]
        super().__init__(
            cache,
            torch.tensor(table, dtype=torch.int32, device=device),
            torch.tensor(slots, device=device),
        )
        self._slices = slices
        self._cut: dict[int, list[Tiles]] = {}

    def _tiles(self, query: torch.Tensor, kv_heads: int) -> Many[Tiles]:
        width = tile_width(query, kv_heads)
        if width not in self._cut:
            self._cut[width] = cut_tiles(self._slices, width, query.device)
        return self._cut[width]
