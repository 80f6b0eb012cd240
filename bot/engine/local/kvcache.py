"""The tensors behind the KV blocks: for each layer, keys and values of every cached token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from bot.engine.local.attention import STEP, NotPaged

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class LayerShape:
    """Of one layer's keys and values; found by looking, since configs tell it in many ways."""

    heads: int
    key_dim: int
    value_dim: int
    dtype: torch.dtype
    device: torch.device


class KVCache:
    """Per layer [blocks + 1, block size, heads, dim], of zeros: what is masked away must be
    finite all the same. The last block belongs to no sequence: padding reads it."""

    def __init__(self, shapes: dict[int, LayerShape], blocks: int, block_size: int) -> None:
        self.block_size, self.blocks = block_size, blocks
        self.padding_block = blocks

        def pool(shape: LayerShape, dim: int) -> torch.Tensor:
            size = (blocks + 1, block_size, shape.heads, dim)
            return torch.zeros(size, dtype=shape.dtype, device=shape.device)

        self.keys = {layer: pool(shape, shape.key_dim) for layer, shape in shapes.items()}
        self.values = {layer: pool(shape, shape.value_dim) for layer, shape in shapes.items()}

        self._workspace: dict[tuple[str, torch.device], torch.Tensor] = {}

    @property
    def bytes(self) -> int:
        return sum(pool.nbytes for pool in (*self.keys.values(), *self.values.values()))

    def write(
        self, layer: int, slots: torch.Tensor, key: torch.Tensor, value: torch.Tensor
    ) -> None:
        """key, value [KV heads, T, D] → the places `slots` [T], counted in tokens."""
        keys, values = self.keys[layer], self.values[layer]
        keys.view(-1, *keys.shape[2:]).index_copy_(0, slots, key.transpose(0, 1))
        values.view(-1, *values.shape[2:]).index_copy_(0, slots, value.transpose(0, 1))

    def read(self, layer: int, blocks: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values [len(blocks) * block size, KV heads, D]; overwritten by the next read."""
        return (
            self._gather("keys", self.keys[layer], blocks),
            self._gather("values", self.values[layer], blocks),
        )

    def _gather(self, name: str, pool: torch.Tensor, blocks: torch.Tensor) -> torch.Tensor:
        """Into memory that is kept: fresh pages from the system cost more than the copying."""
        block = pool[0].numel()
        needed = len(blocks) * block
        space = self._workspace.get((name, pool.device))
        if space is None or len(space) < needed or space.dtype != pool.dtype:
            space = pool.new_empty(needed + needed // 2)
            self._workspace[name, pool.device] = space
        target = space[:needed].view(len(blocks), block)
        torch.index_select(pool.view(-1, block), 0, blocks, out=target)
        return target.view(-1, *pool.shape[2:])

    def wipe(self, blocks: Sequence[int]) -> None:
        """Back to zeros."""
        for pool in (*self.keys.values(), *self.values.values()):
            pool[torch.tensor(blocks, device=pool.device)] = 0.0


class _Probe:
    """A step that only looks at the shapes that come by."""

    def __init__(self) -> None:
        self.shapes: dict[int, LayerShape] = {}

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *_: Any
    ) -> torch.Tensor:
        if layer in self.shapes:
            raise NotPaged("it attends more than once in a layer")
        heads, key_dim = key.shape[0], key.shape[2]
        shape = LayerShape(heads, key_dim, value.shape[-1], key.dtype, key.device)
        self.shapes[layer] = shape
        return query.new_zeros(query.shape[1], query.shape[0], value.shape[-1])


def layer_shapes(model: PreTrainedModel, device: torch.device) -> dict[int, LayerShape]:
    """By one forward call of an adopted model over one token. Raises NotPaged."""
    probe = _Probe()
    token = torch.zeros((1, 1), dtype=torch.long, device=device)
    with torch.inference_mode():
        model(input_ids=token, position_ids=token, use_cache=False, **{STEP: probe})
    layers = model.config.get_text_config().num_hidden_layers
    if len(probe.shapes) != layers:
        raise NotPaged(f"only {len(probe.shapes)} of its {layers} layers are attention")
    return probe.shapes
