"""The memory of one layer's keys, or of its values: as they were computed, or in int8."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import torch

from bot.engine.local.kv_int8 import quantise, restore


class Workspace:
    """Memory for what is gathered; each name's is overwritten by the next. It is kept, since fresh
    pages from the system cost more than the copying."""

    def __init__(self) -> None:
        self._spaces: dict[tuple[str, torch.device, torch.dtype], torch.Tensor] = {}

    def get(self, name: str, shape: Sequence[int], like: torch.Tensor) -> torch.Tensor:
        """Of the type and on the device of `like`."""
        key, needed = (name, like.device, like.dtype), prod(shape)
        space = self._spaces.get(key)
        if space is None or len(space) < needed:
            space = self._spaces[key] = like.new_empty(needed + needed // 2)
        return space[:needed].view(*shape)


class Pool:
    """`data` [blocks, block size, heads, dim] of zeros: what is masked away must be finite all the
    same. In int8 there are `scales` [blocks, heads, block size], those of a head side by side."""

    def __init__(self, size: tuple[int, int, int, int], like: torch.Tensor, *, int8: bool) -> None:
        blocks, block_size, heads, _ = size
        self._like = like
        self.data = like.new_zeros(size, dtype=torch.int8 if int8 else like.dtype)
        self.scales = (
            like.new_zeros(blocks, heads, block_size, dtype=torch.float32) if int8 else None
        )

    def tensors(self) -> Iterator[torch.Tensor]:
        yield self.data
        if self.scales is not None:
            yield self.scales

    def write(self, slots: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """x [heads, T, dim] → the places `slots` [T], counted in tokens. Returns it as it will be
        read."""
        rows = self.data.flatten(0, 1)
        if self.scales is None:
            rows.index_copy_(0, slots, x.transpose(0, 1))
            return x
        codes, scales = quantise(x)
        rows.index_copy_(0, slots, codes.transpose(0, 1))
        size = self.scales.shape[2]
        self.scales[slots // size, :, slots % size] = scales.T
        return restore(codes, scales, torch.empty_like(x))

    def read(self, blocks: torch.Tensor, name: str, workspace: Workspace) -> torch.Tensor:
        """[len(blocks) * block size, heads, dim], in the workspace under `name`."""
        shape = (len(blocks), *self.data.shape[1:])
        found = workspace.get(name, shape, self.data)
        torch.index_select(self.data, 0, blocks, out=found)
        if self.scales is not None:
            codes, found = found, workspace.get(name, shape, self._like)
            restore(codes, self.scales[blocks].transpose(1, 2), found)
        return found.flatten(0, 1)
