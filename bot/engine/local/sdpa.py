"""One step's attention by torch's own scaled_dot_product_attention, on any device.

Decoding sequences of similar length are gathered from the paged cache and attend in one padded
call: padding all to the longest costs two to three times as much once lengths differ, a call for
each costs more than a little padding. Each piece of a prompt attends by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import scaled_dot_product_attention

from bot.engine.local.kvcache import KVCache
from bot.engine.local.sequence import Slice, slots_of

GROUP_TOKENS = 8192
"""At most so many cached tokens, padding included, in one padded call: bounds the workspace."""

GROUP_SPREAD = 1.25
"""How much longer than its shortest sequence the longest of a group may be."""

GROUP_SLACK = 64
"""Tokens by which they may differ in any case."""


@dataclass(frozen=True, slots=True)
class Call:
    """One SDPA call: `rows` of the packed tokens, as `batch` sequences, each of which sees
    `width` tokens of its `blocks` (batch · n, or None: its own new tokens) from `skip` on.
    Without a mask [batch, 1, rows / batch, width] it sees all of them, or is `causal`."""

    rows: slice
    batch: int
    blocks: torch.Tensor | None = None
    skip: int = 0
    width: int = 0
    mask: torch.Tensor | None = None
    causal: bool = False


class SdpaStep:
    """`slices` in the order of the packed row: those of one token first, sorted by length."""

    def __init__(self, cache: KVCache, slices: Sequence[Slice]) -> None:
        self._cache = cache
        self._slices = slices
        self._slots = torch.tensor(slots_of(slices, cache.block_size))
        self._slots_on: dict[torch.device, torch.Tensor] = {}
        self._calls: dict[tuple[int | None, torch.device], list[Call]] = {}

    def attend(
        self,
        layer: int,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        scale: float,
        window: int | None,
    ) -> torch.Tensor:
        device = query.device
        if device not in self._slots_on:
            self._slots_on[device] = self._slots.to(device)
        key, value = self._cache.write(layer, self._slots_on[device], key, value)
        if (window, device) not in self._calls:
            self._calls[window, device] = list(self._build(window, query))
        calls = self._calls[window, device]
        outputs = [self._call(call, layer, query, key, value, scale) for call in calls]
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs)

    def _call(
        self,
        call: Call,
        layer: int,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        scale: float,
    ) -> torch.Tensor:
        if call.blocks is None:
            keys, values = key[None, :, call.rows], value[None, :, call.rows]
        else:
            seen = slice(call.skip, call.skip + call.width)
            keys, values = (
                read.view(call.batch, -1, *read.shape[1:])[:, seen].transpose(1, 2)
                for read in self._cache.read(layer, call.blocks)
            )
        attend = _attend_together if call.batch > 1 else _attend_alone
        return attend(query[:, call.rows], keys, values, call, scale)

    def _build(self, window: int | None, query: torch.Tensor) -> Iterator[Call]:
        row = 0
        for group in _groups(self._slices):
            rows = slice(row, row + sum(each.count for each in group))
            row = rows.stop
            if len(group) > 1:
                yield self._padded(rows, group, window, query)
            else:
                yield self._single(rows, group[0], window, query)

    def _padded(
        self, rows: slice, group: Sequence[Slice], window: int | None, query: torch.Tensor
    ) -> Call:
        size = self._cache.block_size
        first = [_first_seen(each, window) // size for each in group]
        count = max(-(-each.end // size) - skip for each, skip in zip(group, first, strict=True))
        table = []
        for each, skip in zip(group, first, strict=True):
            seen = each.sequence.blocks[skip : skip + count]
            table += seen + [self._cache.padding_block] * (count - len(seen))
        width = count * size
        keys = torch.tensor(first)[:, None] * size + torch.arange(width)
        mask = _mask(torch.tensor([[each.start] for each in group]), keys, window, query)
        blocks = torch.tensor(table, device=query.device)
        return Call(rows, len(group), blocks, 0, width, mask)

    def _single(self, rows: slice, each: Slice, window: int | None, query: torch.Tensor) -> Call:
        if each.start == 0 and each.count <= (window or each.count):
            return Call(rows, 1, causal=True)
        size = self._cache.block_size
        low = _first_seen(each, window)
        blocks = torch.tensor(each.sequence.blocks[low // size : -(-each.end // size)])
        mask = None
        if each.count > 1:
            queries, keys = torch.arange(each.start, each.end), torch.arange(low, each.end)
            mask = _mask(queries[None], keys[None], window, query)
        return Call(rows, 1, blocks.to(query.device), low % size, each.end - low, mask)


def order(slices: Sequence[Slice]) -> list[Slice]:
    """As SdpaStep wants them."""
    return sorted(slices, key=lambda each: (each.count > 1, each.end))


def _groups(slices: Sequence[Slice]) -> Iterator[list[Slice]]:
    group: list[Slice] = []
    for each in slices:
        if group and not _fits(group, each):
            yield group
            group = []
        group.append(each)
    yield group


def _fits(group: Sequence[Slice], each: Slice) -> bool:
    shortest = group[0].end
    return (
        each.count == 1
        and each.end <= max(shortest * GROUP_SPREAD, shortest + GROUP_SLACK)
        and (len(group) + 1) * each.end <= GROUP_TOKENS
    )


def _first_seen(each: Slice, window: int | None) -> int:
    """The first position that the slice's first token sees."""
    return max(0, each.start - window + 1) if window else 0


def _mask(
    queries: torch.Tensor, keys: torch.Tensor, window: int | None, like: torch.Tensor
) -> torch.Tensor:
    """Of positions [batch, q] and [batch, k]: [batch, 1, q, k], 0 where seen and -inf elsewhere."""
    distance = queries[:, :, None] - keys[:, None, :]
    hidden = distance < 0 if window is None else (distance < 0) | (distance >= window)
    mask = torch.zeros(hidden.shape, dtype=like.dtype).masked_fill_(hidden, float("-inf"))
    return mask.unsqueeze(1).to(like.device)


def _attend_together(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, call: Call, scale: float
) -> torch.Tensor:
    """One query token of each of B sequences: [H, B, D], keys [B, KV, width, D] → [B, H, D].
    The query heads that share a key head go as if they were successive tokens."""
    _, batch, dim = query.shape
    grouped = query.transpose(0, 1).reshape(batch, keys.shape[1], -1, dim)
    output = scaled_dot_product_attention(grouped, keys, values, attn_mask=call.mask, scale=scale)
    return output.flatten(1, 2)


def _attend_alone(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, call: Call, scale: float
) -> torch.Tensor:
    """T query tokens of one sequence: [H, T, D], keys [1, KV, width, D] → [T, H, D].
    Key heads go as a batch and are shared by their query heads without being copied."""
    grouped = query.reshape(keys.shape[1], -1, *query.shape[1:])
    shape = (-1, grouped.shape[1], -1, -1)
    output = scaled_dot_product_attention(
        grouped,
        keys.transpose(0, 1).expand(shape),
        values.transpose(0, 1).expand(shape),
        attn_mask=call.mask,
        is_causal=call.causal,
        scale=scale,
    )
    return output.flatten(0, 1).transpose(0, 1)
