"""The forward call of Llama and its kin in a third of the operations that transformers needs.

Reads the weights of transformers' own modules, whose files stay untouched and whose logits are
what it is held against at load. What isn't built exactly so is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import rms_norm, silu

from bot.engine.local.attention import NotPaged, Step

if TYPE_CHECKING:
    from transformers import PreTrainedModel

FAMILIES = {"LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"}

Product = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True)
class Layer:
    """`qkv` gives all heads of query, key and value side by side, `gate_up` silu(gate) * up.
    `head_norms` are the weights of query and key heads' norms, and their epsilon."""

    input_norm: torch.Tensor
    qkv: Product
    head_norms: tuple[torch.Tensor, torch.Tensor, float] | None
    output: Product
    middle_norm: torch.Tensor
    gate_up: Product
    down: Product
    scale: float
    window: int | None


class LlamaForward:
    """Of a model on one device. Raises NotPaged for one of another build."""

    def __init__(self, model: PreTrainedModel) -> None:
        parts: Any = model
        config = model.config
        if type(model).__name__ not in FAMILIES or config.hidden_act != "silu":
            raise NotPaged("its layers are not built like Llama's")
        self.layers = [_layer(layer) for layer in parts.model.layers]
        attention = parts.model.layers[0].self_attn
        self._dim: int = attention.head_dim
        self._queries: int = config.num_attention_heads
        self._keys: int = config.num_key_value_heads
        self._embed, self._head = parts.get_input_embeddings(), parts.get_output_embeddings()
        self._rotary, self._norm = parts.model.rotary_emb, parts.model.norm.weight
        self._eps: float = config.rms_norm_eps

    def __call__(
        self, ids: torch.Tensor, positions: torch.Tensor, step: Step, rows: torch.Tensor | None
    ) -> torch.Tensor:
        """ids, positions [T] → logits [len(rows), vocabulary], of all tokens if `rows` is None."""
        added: torch.Tensor = self._embed(ids)
        total: torch.Tensor | None = None
        cos, sin = (each[0] for each in self._rotary(added, positions[None]))
        for number, layer in enumerate(self.layers):
            total, normed = self.add_norm(added, total, layer.input_norm)
            heads = layer.qkv(normed).view(len(normed), -1, self._dim)
            attended = self.attend(number, layer, heads, cos, sin, step)
            output = layer.output(attended.reshape(len(normed), -1))
            total, normed = self.add_norm(output, total, layer.middle_norm)
            added = layer.down(layer.gate_up(normed))
        if rows is not None and total is not None:
            added, total = added[rows], total[rows]
        _, normed = self.add_norm(added, total, self._norm)
        logits: torch.Tensor = self._head(normed)
        return logits

    def add_norm(
        self, x: torch.Tensor, added: torch.Tensor | None, weight: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """x, added [T, size] → their sum, and its RMS norm times `weight`."""
        total = x if added is None else x.add_(added)
        return total, rms_norm(total, weight.shape, weight, self._eps)

    def attend(
        self, number: int, layer: Layer, heads: torch.Tensor, cos: torch.Tensor,
        sin: torch.Tensor, step: Step,
    ) -> torch.Tensor:  # fmt: skip
        """Turns and keeps the new keys of heads [T, H + 2 KV, D], and attends: [T, H, D]."""
        query, key, value = self.split(heads)
        if layer.head_norms:
            query_norm, key_norm, eps = layer.head_norms
            query = rms_norm(query, query_norm.shape, query_norm, eps)
            key = rms_norm(key, key_norm.shape, key_norm, eps)
            turned = torch.cat([query, key], dim=1)
        else:
            turned = heads[:, : self._queries + self._keys]
        turned = rotated(turned, cos, sin)
        query, key = turned[:, : self._queries], turned[:, self._queries :]
        return step.attend(
            number, query.transpose(0, 1), key.transpose(0, 1), value.transpose(0, 1),
            layer.scale, layer.window,
        )  # fmt: skip

    def split(self, heads: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """[T, H + 2 KV, D] → queries, keys and values."""
        return heads.tensor_split((self._queries, self._queries + self._keys), dim=1)


def rotated(heads: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """heads [T, heads, D], each half's pair turned by its angle; cos, sin [T, D]."""
    first, second = heads.chunk(2, dim=-1)
    crossed = torch.cat([second.neg(), first], dim=-1).mul_(sin[:, None])
    return torch.mul(heads, cos[:, None]).add_(crossed)


def _layer(layer: Any) -> Layer:
    attention, mlp = layer.self_attn, layer.mlp
    norms = None
    if hasattr(attention, "q_norm"):
        query, key = attention.q_norm, attention.k_norm
        norms = (query.weight, key.weight, query.variance_epsilon)
    return Layer(
        input_norm=layer.input_layernorm.weight,
        qkv=getattr(attention, "joined", None) or _side_by_side(attention),
        head_norms=norms,
        output=attention.o_proj,
        middle_norm=layer.post_attention_layernorm.weight,
        gate_up=getattr(mlp, "joined", None) or _gated(mlp),
        down=mlp.down_proj,
        scale=attention.scaling,
        window=getattr(attention, "sliding_window", None),
    )


def _side_by_side(attention: Any) -> Product:
    parts = (attention.q_proj, attention.k_proj, attention.v_proj)
    return lambda x: torch.cat([part(x) for part in parts], dim=-1)


def _gated(mlp: Any) -> Product:
    return lambda x: silu(mlp.gate_proj(x)) * mlp.up_proj(x)
