"""The tensors behind the KV blocks: for each layer, keys and values of every cached token."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import torch

from bot.engine.local.attention import STEP, NotPaged
from bot.engine.local.config import KvDtype
from bot.engine.local.kv_pool import Pool, Workspace

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
    """`keys` and `values` of each layer are the pools' own tensors [blocks + 1, block size, heads,
    dim], `scales` those that go with them in int8. The last block belongs to no sequence: padding
    reads it."""

    def __init__(
        self, shapes: dict[int, LayerShape], blocks: int, block_size: int,
        kv_dtype: KvDtype = "auto",
    ) -> None:  # fmt: skip
        self.block_size, self.blocks = block_size, blocks
        self.padding_block = blocks

        def pool(shape: LayerShape, dim: int) -> Pool:
            size = (blocks + 1, block_size, shape.heads, dim)
            like = torch.empty(0, dtype=shape.dtype, device=shape.device)
            return Pool(size, like, int8=kv_dtype == "int8")

        self._pools = {
            layer: (pool(shape, shape.key_dim), pool(shape, shape.value_dim))
            for layer, shape in shapes.items()
        }
        self.keys = {layer: keys.data for layer, (keys, _) in self._pools.items()}
        self.values = {layer: values.data for layer, (_, values) in self._pools.items()}
        self.scales = {
            layer: (keys.scales, values.scales) for layer, (keys, values) in self._pools.items()
        }
        self._workspace = Workspace()

    @property
    def bytes(self) -> int:
        return sum(tensor.nbytes for tensor in self._tensors())

    def write(
        self, layer: int, slots: torch.Tensor, key: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """key, value [KV heads, T, D] → the places `slots` [T], counted in tokens. Returns them as
        they will be read: what a token sees must not depend on which step computed it."""
        keys, values = self._pools[layer]
        return keys.write(slots, key), values.write(slots, value)

    def read(self, layer: int, blocks: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values [len(blocks) * block size, KV heads, D]; overwritten by the next read."""
        keys, values = self._pools[layer]
        return (
            keys.read(blocks, "keys", self._workspace),
            values.read(blocks, "values", self._workspace),
        )

    def wipe(self, blocks: Sequence[int]) -> None:
        """Back to zeros."""
        for tensor in self._tensors():
            tensor[torch.tensor(blocks, device=tensor.device)] = 0

    def _tensors(self) -> Iterator[torch.Tensor]:
        for pool in chain.from_iterable(self._pools.values()):
            yield from pool.tensors()


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
