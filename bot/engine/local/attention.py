"""Attention over the paged KV cache, for transformers' models exactly as they are.

A model whose attention goes through transformers' AttentionInterface calls `attend` with the
queries, keys and values of all sequences packed as one row of T tokens; the step that travels as
a keyword argument of the model's call knows where they belong. Since no mask function is
registered under NAME, transformers makes no mask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

NAME = "chinwag_paged"
STEP = "chinwag_step"

HARMLESS = {"dropout", "is_causal", "position_ids", "use_cache", "cache_position"}
"""Keyword arguments that change nothing about a decoder's attention in inference."""


class NotPaged(Exception):
    """This model's attention is not one that the paged cache can serve; says why."""


class Step(Protocol):
    """What one step does in each layer: keep the new keys and values, attend, return [T, H, D].

    `query` is [H, T, D], `key` and `value` [KV heads, T, D]; `window` is how many tokens, itself
    included, a token sees at most. This is what another implementation of attention replaces.
    """

    def attend(
        self,
        layer: int,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        scale: float,
        window: int | None,
    ) -> torch.Tensor: ...


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    **rest: Any,
) -> tuple[torch.Tensor, None]:
    """transformers' attention function: query [1, H, T, D] → [1, T, H, D]. Raises NotPaged."""
    step: Step | None = rest.pop(STEP, None)
    if step is None:
        raise NotPaged("it does not pass keyword arguments on to its attention")
    refuse(module, attention_mask, rest)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    layer: int = module.layer_idx  # type: ignore[assignment]  # every attention module has one
    output = step.attend(layer, query[0], key[0], value[0], scale, sliding_window)
    return output.unsqueeze(0), None


def refuse(module: torch.nn.Module, mask: torch.Tensor | None, rest: dict[str, Any]) -> None:
    """What asks for more than plain causal attention. Raises NotPaged."""
    if mask is not None:
        raise NotPaged("it makes an attention mask of its own")
    if getattr(module, "is_causal", True) is False:
        raise NotPaged("its attention looks forward as well as back")
    unknown = [name for name, value in rest.items() if value is not None and name not in HARMLESS]
    if unknown:
        raise NotPaged(f"its attention asks for {', '.join(sorted(unknown))}")


def adopt(model: PreTrainedModel) -> None:
    """From now on `model` attends by `attend`. Raises NotPaged if it can't."""
    from transformers import AttentionInterface

    if not getattr(model, "_supports_attention_backend", False):
        raise NotPaged("its attention does not go through transformers' AttentionInterface")
    AttentionInterface.register(NAME, attend)
    model.set_attn_implementation(NAME)
