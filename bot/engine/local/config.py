"""The keys under ``engine:`` of a model that this process hosts itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Quantize = Literal["auto", "nf4", "int8", "none"]
Dtype = Literal["auto", "bfloat16", "float16", "float32"]
KvDtype = Literal["auto", "int8"]


class LocalConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["local"] = "local"
    model: str = Field(default="demo", min_length=1)
    """`demo`, a Hugging Face id such as Qwen/QwQ-32B, or a folder."""

    quantize: Quantize = "auto"
    """Of the layers: 4 bits (nf4), 8 bits (int8), none, or what the memory asks for (auto).
    On the CPU int8 is the fast one."""

    quantize_head: bool = False
    """Also the embedding and the output head, to the layers' bits: smaller, a little less exact."""

    dtype: Dtype = "auto"
    """Of what is not quantised and of the computation; auto takes what the hardware does fast."""

    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")] = "auto"
    """auto spreads the model over all GPUs, or takes the CPU where there is none."""

    offload: bool = False
    """Layers that don't fit the GPUs may go to the CPU's memory; each step gets much slower."""

    cache: Path | None = None
    """Where models are kept; None is the folder `cache` of home."""

    offline: bool = False
    """Only what is in the cache; nothing is asked of the hub."""

    trust_remote_code: bool = False
    """Run Python code that comes with the model; only for authors that you trust."""

    threads: Annotated[int, Field(ge=1)] | None = None
    """Of the CPU for one step; None is one for each core."""

    memory_share: Annotated[float, Field(gt=0, le=1)] = 0.9
    """How much of a device's free memory the model and its cache may take together."""

    kv_tokens: Annotated[int, Field(ge=256)] | None = None
    """Tokens of KV cache for all conversations together; None is what the memory has room for."""

    kv_dtype: KvDtype = "auto"
    """Of the keys and values in it: that of the computation (auto), or 8 bits with a scale for each
    token and head (int8), which makes room for almost twice as many on a GPU."""

    block_size: Annotated[int, Field(ge=1, le=256)] = 16
    """Tokens of one block of the KV cache."""

    prefix_cache: bool = True
    """Keep the blocks of earlier turns, so that the next one computes only what is new."""

    max_batch: Annotated[int, Field(ge=1)] = 64
    """Sequences in one decode step."""

    prefill_chunk: Annotated[int, Field(ge=16)] | None = None
    """Prompt tokens computed in one step, beside the sequences that decode; None is 512 on a CPU
    and 1,024 on a GPU."""

    max_queue: Annotated[int, Field(ge=1)] = 256
    """Requests that may wait; the next one is told that the model is busy."""

    def chunk(self, *, gpu: bool) -> int:
        """Prompt tokens of one step. On a GPU, four-bit weights are unpacked once for each."""
        return self.prefill_chunk or (1024 if gpu else 512)

    def cache_folder(self, home: Path) -> Path:
        return self.cache.expanduser() if self.cache else home / "cache"
