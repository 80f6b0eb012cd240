"""From a storage plan to what transformers and bitsandbytes call it, and the rest by hand."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn

from bot.engine.local.embeddings import Int8Embedding, Nf4Embedding
from bot.engine.local.int8 import Int8Linear, replace_linears
from bot.engine.local.progress import Progress
from bot.engine.local.siblings import join
from bot.engine.local.storage import NF4_BLOCK, Storage

if TYPE_CHECKING:
    from transformers import BitsAndBytesConfig, PreTrainedModel


def bits_and_bytes(storage: Storage, *, offload: bool) -> BitsAndBytesConfig | None:
    """What ``from_pretrained`` is to quantise while it reads; None if nothing."""
    import transformers

    make: Callable[..., BitsAndBytesConfig] = transformers.BitsAndBytesConfig
    if storage.method == "nf4":
        return make(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=getattr(torch, storage.dtype),
            llm_int8_enable_fp32_cpu_offload=offload,
        )
    if storage.method == "int8" and storage.gpu:
        return make(load_in_8bit=True, llm_int8_enable_fp32_cpu_offload=offload)
    return None


def finish(model: PreTrainedModel, storage: Storage) -> None:
    """What is done only once the weights are there: the head's quantisation, and on the CPU that of
    all layers to int8 and the joining of siblings."""
    parts: Any = model  # these methods of it have no types
    if storage.head:
        _quantise_head(parts, storage)
    if not storage.gpu:
        join(parts)
    if storage.made_from_files:
        replace_linears(model)
        parts.to(getattr(torch, storage.dtype))


def take_own_kernels(
    model: PreTrainedModel, storage: Storage, cache_folder: Path, progress: Progress
) -> None:
    """Four-bit layers on a GPU that our kernels can serve leave bitsandbytes'; their bits stay.
    What is compiled and measured for that is kept in `cache_folder`."""
    if storage.method == "nf4" and storage.gpu and find_spec("triton"):
        from bot.engine.local.kernels.linear import replace_linears

        progress("preparing the kernels", 0.0)
        replace_linears(model, cache_folder / "kernels")
        progress("preparing the kernels", 1.0)


def _quantise_head(model: Any, storage: Storage) -> None:
    """Embedding and head, which share one weight where the model ties them."""
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    tied = head.weight is embedding.weight
    make = _nf4_head if storage.method == "nf4" else _int8_head
    if not can_look_up(embedding):
        model.set_output_embeddings(make(head, storage))
        return
    quantised = make(head, storage)
    weight = quantised.weight if tied and storage.method == "nf4" else None
    model.set_output_embeddings(quantised)
    model.set_input_embeddings(_embedding(embedding, weight, storage))


def can_look_up(embedding: nn.Module) -> bool:
    """Whether it does no more than look up rows and, as Gemma's does, scale them."""
    scaled = hasattr(embedding, "embed_scale")
    return type(embedding).forward is nn.Embedding.forward or scaled


def _embedding(embedding: nn.Embedding, tied_to: Any, storage: Storage) -> nn.Module:
    scale = float(getattr(embedding, "embed_scale", 1.0))
    weight, dtype = embedding.weight.detach(), getattr(torch, storage.dtype)
    if storage.method == "int8":
        return Int8Embedding(weight, dtype, scale)
    if weight.shape[1] % NF4_BLOCK:
        return embedding
    packed = tied_to if tied_to is not None else _nf4(weight)
    return Nf4Embedding(packed.data, packed.quant_state, dtype, scale)


def _nf4_head(head: nn.Linear, storage: Storage) -> nn.Module:
    from bitsandbytes.nn.modules import Linear4bit

    dtype = getattr(torch, storage.dtype)
    build: Callable[..., nn.Linear] = Linear4bit
    linear = build(
        head.in_features, head.out_features, bias=head.bias is not None,
        compute_dtype=dtype, quant_type="nf4", device="meta",
    )  # fmt: skip
    linear.weight, linear.bias = _nf4(head.weight.detach()), head.bias
    return linear


def _nf4(weight: torch.Tensor) -> Any:
    """A quantised Params4bit on the device of `weight`."""
    from bitsandbytes.nn.modules import Params4bit

    plain: Any = Params4bit(weight, requires_grad=False, compress_statistics=True, quant_type="nf4")
    return plain.to(weight.device)


def _int8_head(head: nn.Linear, storage: Storage) -> nn.Module:
    if not storage.gpu:
        return Int8Linear(head)
    from bitsandbytes.nn.modules import Int8Params, Linear8bitLt

    linear = Linear8bitLt(
        head.in_features, head.out_features, bias=head.bias is not None,
        has_fp16_weights=False, threshold=6.0, device="meta",
    )  # fmt: skip
    plain = Int8Params(head.weight.detach().cpu(), requires_grad=False)
    linear.weight = cast(nn.Parameter, plain).to(head.weight.device)  # its own `to` is mistyped
    linear.bias = head.bias
    return linear
