"""Random models of each supported family, small enough to build in a blink, saved as real folders.

Their tokenizer is the demo's, cut to its first tokens: real merges, control tokens, chat template.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

FAMILIES = ("llama", "qwen2", "qwen3", "mistral", "gemma3")
VOCABULARY = 1024
CONTEXT = 512
WINDOW = 24
"""Tokens that the sliding layers of mistral and gemma3 see; short, so that tests go past it."""

SHAPE: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": CONTEXT,
    "initializer_range": 0.2,  # wide and untied, so that greedy output is not one token for ever
    "tie_word_embeddings": False,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
}


def save(family: str, demo: Path, folder: Path) -> None:
    """A random model of `family` with the cut tokenizer of the folder `demo`; same each time."""
    import torch

    config_of, model_of = _classes()[family]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = model_of(config_of())
    model.save_pretrained(folder)
    cut_tokenizer(demo, folder)


def cut_tokenizer(demo: Path, folder: Path) -> None:
    for name in ("tokenizer_config.json", "chat_template.jinja"):
        shutil.copyfile(demo / name, folder / name)
    tokenizer = json.loads((demo / "tokenizer.json").read_text())
    bpe = tokenizer["model"]
    bpe["vocab"] = {text: n for text, n in bpe["vocab"].items() if n < VOCABULARY}
    bpe["merges"] = [pair for pair in bpe["merges"] if "".join(pair) in bpe["vocab"]]
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


def _classes() -> dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]]:
    import transformers as t

    sliding = ["sliding_attention", "sliding_attention", "full_attention"]
    return {
        "llama": (lambda: t.LlamaConfig(**SHAPE), t.LlamaForCausalLM),
        "qwen2": (lambda: t.Qwen2Config(**_without_head_dim()), t.Qwen2ForCausalLM),
        "qwen3": (lambda: t.Qwen3Config(**SHAPE), t.Qwen3ForCausalLM),
        "mistral": (lambda: t.MistralConfig(**SHAPE, sliding_window=WINDOW), t.MistralForCausalLM),
        "gemma3": (
            lambda: t.Gemma3TextConfig(
                **SHAPE, sliding_window=WINDOW, layer_types=sliding, query_pre_attn_scalar=16
            ),
            t.Gemma3ForCausalLM,
        ),
    }


def _without_head_dim() -> dict[str, Any]:
    return {key: value for key, value in SHAPE.items() if key != "head_dim"}
