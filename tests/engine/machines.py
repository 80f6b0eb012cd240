"""Machines to plan for, and the models to plan."""

from __future__ import annotations

from functools import cache
from typing import Any

from bot.engine.local.hardware import Gpu, Hardware
from bot.engine.local.shape import ModelShape, shape_of
from bot.engine.local.sizes import GIB

QWQ_32B: dict[str, Any] = {
    "architectures": ["Qwen2ForCausalLM"],
    "attention_dropout": 0.0,
    "bos_token_id": 151643,
    "eos_token_id": 151645,
    "hidden_act": "silu",
    "hidden_size": 5120,
    "initializer_range": 0.02,
    "intermediate_size": 27648,
    "max_position_embeddings": 40960,
    "max_window_layers": 64,
    "model_type": "qwen2",
    "num_attention_heads": 40,
    "num_hidden_layers": 64,
    "num_key_value_heads": 8,
    "rms_norm_eps": 1e-05,
    "rope_theta": 1000000.0,
    "sliding_window": 32768,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "use_cache": True,
    "use_sliding_window": False,
    "vocab_size": 152064,
}
"""Qwen/QwQ-32B's config.json."""


@cache
def qwq() -> ModelShape:
    from transformers import AutoConfig

    options = {key: value for key, value in QWQ_32B.items() if key != "model_type"}
    return shape_of(AutoConfig.for_model("qwen2", **options))


def machine(*gpus: float, ram: float = 64, capability: tuple[int, int] = (9, 0)) -> Hardware:
    """With so many GiB free on each GPU and in RAM."""
    cards = tuple(
        Gpu(index, "Card", int(free * GIB), int(free * GIB), capability)
        for index, free in enumerate(gpus)
    )
    size = int(ram * GIB)
    return Hardware(cards, "CPU", cores=8, ram_total=size, ram_free=size)
