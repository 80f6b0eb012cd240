"""A step in which each sequence has one new token, over the paged cache by our own kernels."""

from __future__ import annotations

import torch

from bot.engine.local.kernels.decode_attention import decode_attention
from bot.engine.local.kernels.rows import Places, store
from bot.engine.local.kvcache import KVCache


class DecodeStep:
    """`table` [B, most] are the sequences' blocks and `positions` [B] those of their new tokens,
    on the device: nothing here depends on their values, so the step can be captured."""

    def __init__(self, cache: KVCache, table: torch.Tensor, positions: torch.Tensor) -> None:
        self._cache, self._table = cache, table
        self._lengths = positions + 1
        block = table.gather(1, (positions // cache.block_size)[:, None].long())[:, 0]
        self._slots = block * cache.block_size + positions % cache.block_size

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
        """The rest of `attend`, once they are there; query [B, H, D]."""
        keys, values, _ = self.places(layer)
        return decode_attention(query, keys, values, self._table, self._lengths, scale, window)
