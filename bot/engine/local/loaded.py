"""What loading a model gives: the value that the loader hands to the worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.engine.local.config import KvDtype

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """`device` is where input ids go; `kv_tokens` is how many tokens of cache the memory has room
    for, kept as `kv_dtype`; `sampling` are the defaults of the model's own generation config."""

    name: str
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    device: torch.device
    context_window: int
    kv_tokens: int
    eos_ids: frozenset[int]
    kv_dtype: KvDtype = "auto"
    sampling: Mapping[str, float] = field(default_factory=dict)
