"""QwQ-32B's shape with random NF4 weights, made on the GPU layer by layer: 65 GB never exist."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from bot.engine.local import quantize
from bot.engine.local.progress import silent
from bot.engine.local.storage import Storage

CACHE = Path.home() / ".cache" / "chinwag"
"""Where compiled and measured kernels are kept."""

SHAPE: dict[str, Any] = {
    "vocab_size": 152064,
    "hidden_size": 5120,
    "intermediate_size": 27648,
    "num_hidden_layers": 64,
    "num_attention_heads": 40,
    "num_key_value_heads": 8,
    "max_position_embeddings": 40960,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1_000_000.0},
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": False,
    "bos_token_id": 151643,
    "eos_token_id": 151645,
}
"""What the config.json of Qwen/QwQ-32B says."""


def config(layers: int = 64) -> Any:
    from transformers import Qwen2Config

    return Qwen2Config(**{**SHAPE, "num_hidden_layers": layers}, dtype="bfloat16")


def build(
    layers: int = 64,
    *,
    quantize_head: bool = False,
    device: str = "cuda",
    cache_folder: Path = CACHE,
) -> Any:
    """A Qwen2ForCausalLM that computes nonsense at the true speed and size."""
    made = build_from(config(layers), quantize_head=quantize_head, device=device)
    storage = Storage("nf4", quantize_head, "bfloat16", gpu=True)
    quantize.take_own_kernels(made, storage, cache_folder, silent)
    return made


def build_from(config: Any, *, quantize_head: bool, device: str) -> Any:
    """The same for any config whose embedding and head are untied, with bitsandbytes' layers."""
    from transformers import AutoModelForCausalLM

    make: Callable[..., Any] = AutoModelForCausalLM.from_config
    with torch.device("meta"):
        model = make(config, dtype=torch.bfloat16)
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear) and child is not model.lm_head:
                setattr(parent, name, _random_nf4(child, device))
    for name, parameter in list(model.named_parameters()):
        if parameter.device.type == "meta":
            _set(model, name, _random(parameter.shape, device))
    model.model.rotary_emb = type(model.model.rotary_emb)(model.config).to(device)
    quantize.finish(model, Storage("nf4", quantize_head, "bfloat16", gpu=True))
    return model.eval()


def _random(shape: torch.Size, device: str) -> nn.Parameter:
    """Norms are of ones; 0.02 is the spread that Qwen2 is initialised with."""
    if len(shape) == 1:
        return nn.Parameter(torch.ones(shape, device=device, dtype=torch.bfloat16), False)
    weight = torch.randn(shape, device=device, dtype=torch.bfloat16).mul_(0.02)
    return nn.Parameter(weight, False)


def _random_nf4(linear: nn.Linear, device: str) -> nn.Module:
    from bitsandbytes.nn.modules import Linear4bit, Params4bit

    build_linear: Callable[..., Any] = Linear4bit
    made = build_linear(
        linear.in_features,
        linear.out_features,
        bias=linear.bias is not None,
        compute_dtype=torch.bfloat16,
        quant_type="nf4",
        device="meta",
    )
    plain: Any = Params4bit(
        _random(linear.weight.shape, device).data, requires_grad=False, quant_type="nf4"
    )
    made.weight = plain.to(device)
    if linear.bias is not None:
        zeros = torch.zeros(linear.out_features, device=device, dtype=torch.bfloat16)
        made.bias = nn.Parameter(zeros, False)
    return made  # type: ignore[no-any-return]  # bitsandbytes has no types


def _set(model: nn.Module, name: str, parameter: nn.Parameter) -> None:
    parent, _, attribute = name.rpartition(".")
    setattr(model.get_submodule(parent), attribute, parameter)
