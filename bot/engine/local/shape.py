"""What a model's config alone says of its size: every weight, and what a token leaves in the cache.

The modules are built on torch's meta device, which has shapes but no memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bot.errors import ModelUnavailable

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedConfig, PreTrainedModel

Component = Literal["embedding", "layers", "norms", "head"]
COMPONENTS: tuple[Component, ...] = ("embedding", "layers", "norms", "head")


@dataclass(frozen=True, slots=True)
class Weight:
    """[rows, columns], or [rows] with columns 1; only a `linear` one is quantised as a layer."""

    component: Component
    rows: int
    columns: int = 1
    linear: bool = False

    @property
    def elements(self) -> int:
        return self.rows * self.columns


@dataclass(frozen=True, slots=True)
class LayerCache:
    """`elements` of one token's key and value, each of so many `heads`; `window` is how many tokens
    the layer looks back, None for all of them."""

    elements: int
    heads: int
    window: int | None = None


@dataclass(frozen=True, slots=True)
class ModelShape:
    """`caches` has one entry for each layer with attention; sizes are in elements, not bytes.
    `stored_dtype` is the type of the weights in the files."""

    weights: tuple[Weight, ...]
    caches: tuple[LayerCache, ...]
    tied: bool
    stored_dtype: str
    context_window: int
    vocabulary: int
    hidden: int
    intermediate: int

    @property
    def parameters(self) -> int:
        return sum(weight.elements for weight in self.weights)


def read_config(folder: Path, *, trust_remote_code: bool = False) -> PreTrainedConfig:
    """Raises ModelUnavailable for an architecture that this transformers does not know."""
    from transformers import AutoConfig

    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(
            folder, trust_remote_code=trust_remote_code
        )
    except (ValueError, OSError, KeyError) as problem:
        raise ModelUnavailable(
            f"The config.json in {folder} can't be used: {_first_line(problem)}"
        ) from problem
    return config


def shape_of(config: PreTrainedConfig, *, trust_remote_code: bool = False) -> ModelShape:
    """Raises ModelUnavailable for what is no causal language model."""
    model: Any = _on_meta(config, trust_remote_code)  # its methods have no types
    text = config.get_text_config()
    head = model.get_output_embeddings()
    embedding = model.get_input_embeddings()
    tied = head is not None and bool(text.tie_word_embeddings or config.tie_word_embeddings)
    return ModelShape(
        weights=tuple(_weights(model, embedding, None if tied else head)),
        caches=tuple(_caches(text)),
        tied=tied,
        stored_dtype=str(config.dtype or "float32").removeprefix("torch."),
        context_window=context_window(config),
        vocabulary=text.vocab_size,
        hidden=text.hidden_size,
        intermediate=getattr(text, "intermediate_size", None) or 4 * text.hidden_size,
    )


def context_window(config: PreTrainedConfig) -> int:
    """In tokens. YaRN stretches the window that the config was trained with, and configs that turn
    it on by hand often leave `max_position_embeddings` as it was."""
    text = config.get_text_config()
    window = int(text.max_position_embeddings)
    rope: dict[str, Any] = getattr(text, "rope_parameters", None) or {}
    original = rope.get("original_max_position_embeddings")
    if rope.get("rope_type") == "yarn" and original:
        return max(window, int(original * rope.get("factor", 1.0)))
    return window


def _on_meta(config: PreTrainedConfig, trust_remote_code: bool) -> PreTrainedModel:
    import torch
    from transformers import AutoModelForCausalLM

    build: Callable[..., PreTrainedModel] = AutoModelForCausalLM.from_config
    try:
        with torch.device("meta"):
            model = build(config, trust_remote_code=trust_remote_code)
    except ValueError as problem:
        raise ModelUnavailable(
            f"A {config.model_type} model is no causal language model: {_first_line(problem)}"
        ) from problem
    return model


def _weights(model: PreTrainedModel, embedding: nn.Module, head: nn.Module | None) -> list[Weight]:
    """Each weight once, also where two modules share it."""
    from torch import nn

    found: dict[int, Weight] = {}
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            component: Component = (
                "embedding" if module is embedding
                else "head" if module is head
                else "layers" if isinstance(module, nn.Linear) or parameter.dim() > 1
                else "norms"
            )  # fmt: skip
            rows, columns = parameter.shape[0], parameter.numel() // parameter.shape[0]
            linear = isinstance(module, nn.Linear) and name == "weight"
            found.setdefault(id(parameter), Weight(component, rows, columns, linear))
    return list(found.values())


def _caches(text: PreTrainedConfig) -> list[LayerCache]:
    kinds = getattr(text, "layer_types", None) or [_only_kind(text)] * text.num_hidden_layers
    elements, heads = _cache_size(text)
    window = getattr(text, "sliding_window", None)
    return [
        LayerCache(elements, heads, window if kind == "sliding_attention" else None)
        for kind in kinds
        if kind.endswith("attention") and kind != "linear_attention"
    ]


def _only_kind(text: PreTrainedConfig) -> str:
    return "sliding_attention" if getattr(text, "sliding_window", None) else "full_attention"


def _cache_size(text: PreTrainedConfig) -> tuple[int, int]:
    """Elements and heads. Grouped queries share keys and values; latent attention (DeepSeek) is
    cached unfolded."""
    queries = text.num_attention_heads
    if getattr(text, "kv_lora_rank", None):
        dims = text.qk_nope_head_dim + text.qk_rope_head_dim + text.v_head_dim
        return queries * dims, queries
    heads = getattr(text, "num_key_value_heads", None) or queries
    dim = getattr(text, "head_dim", None) or text.hidden_size // queries
    return 2 * heads * dim, heads


def _first_line(problem: BaseException) -> str:
    return str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
