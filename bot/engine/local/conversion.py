"""A GGUF file of a Llama model, rewritten as a folder that ``from_pretrained`` reads.

The weights become float32: GGUF's 4- and 8-bit blocks decode to values that no 16-bit type holds,
so anything shorter would be a second quantisation.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.engine.local.progress import Progress

if TYPE_CHECKING:
    import numpy as np
    import torch
    from gguf import GGUFReader, ReaderTensor
    from numpy.typing import NDArray
    from transformers import LlamaConfig, PreTrainedTokenizerBase


def convert(source: Path, folder: Path, progress: Progress) -> None:
    """Write config, tokenizer and safetensors of `source` into the existing `folder`."""
    from gguf import GGUFReader

    progress("reading the model file", 0.0)
    reader = GGUFReader(source)
    config = llama_config(reader)
    config.save_pretrained(folder)
    progress("reading the tokenizer", 0.2)
    read_tokenizer(source).save_pretrained(folder)
    _write_weights(reader, config, folder, progress)


def llama_config(reader: GGUFReader) -> LlamaConfig:
    from transformers import LlamaConfig

    def field(key: str) -> Any:
        return reader.fields[key].contents()

    return LlamaConfig(
        architectures=["LlamaForCausalLM"],
        dtype="float32",
        vocab_size=field("llama.vocab_size"),
        hidden_size=field("llama.embedding_length"),
        intermediate_size=field("llama.feed_forward_length"),
        num_hidden_layers=field("llama.block_count"),
        num_attention_heads=field("llama.attention.head_count"),
        num_key_value_heads=field("llama.attention.head_count_kv"),
        max_position_embeddings=field("llama.context_length"),
        rms_norm_eps=field("llama.attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": field("llama.rope.freq_base")},
        bos_token_id=field("tokenizer.ggml.bos_token_id"),
        eos_token_id=field("tokenizer.ggml.eos_token_id"),
        pad_token_id=field("tokenizer.ggml.padding_token_id"),
        tie_word_embeddings="output.weight" not in {tensor.name for tensor in reader.tensors},
    )


def read_tokenizer(source: Path) -> PreTrainedTokenizerBase:
    """The tokenizer in a GGUF file whose pre-tokenizer is `smollm`: each digit by itself, then
    GPT-2's rule. transformers keeps only the second half, which splits "½" or "٣" otherwise than
    in training."""
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    tokenizer.backend_tokenizer.pre_tokenizer = Sequence(
        [Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]
    )
    return tokenizer


def _write_weights(
    reader: GGUFReader, config: LlamaConfig, folder: Path, progress: Progress
) -> None:
    from safetensors.torch import save_file

    names = _hugging_face_names(config)
    tensors = {}
    for done, tensor in enumerate(reader.tensors):
        progress("converting the weights", 0.5 + 0.4 * done / len(reader.tensors))
        tensors[names[tensor.name]] = _decode(tensor, config)
    progress("writing the weights", 0.9)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def _hugging_face_names(config: LlamaConfig) -> dict[str, str]:
    """GGUF's tensor names → those of transformers' modules."""
    import torch
    from gguf import MODEL_ARCH, get_tensor_name_map
    from transformers import LlamaForCausalLM

    with torch.device("meta"):
        weights = LlamaForCausalLM(config).state_dict()
    known = get_tensor_name_map(MODEL_ARCH.LLAMA, config.num_hidden_layers)
    return {str(known.get_name(name, try_suffixes=(".weight",))): name for name in weights}


def _decode(tensor: ReaderTensor, config: LlamaConfig) -> torch.Tensor:
    import numpy as np
    import torch
    from gguf import dequantize

    weight = dequantize(tensor.data, tensor.tensor_type)
    if tensor.name.endswith("attn_q.weight"):
        weight = _unpermute(weight, config.num_attention_heads)
    if tensor.name.endswith("attn_k.weight"):
        weight = _unpermute(weight, config.num_key_value_heads or config.num_attention_heads)
    return torch.from_numpy(np.array(weight, dtype=np.float32))


def _unpermute(weight: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """[heads · 2i, hidden]: GGUF keeps rotary pairs side by side, transformers in two halves."""
    rows, hidden = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, hidden).swapaxes(1, 2).reshape(rows, hidden)
