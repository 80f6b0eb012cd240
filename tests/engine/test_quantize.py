from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from bot.engine.local import quantize
from bot.engine.local.embeddings import Int8Embedding, Nf4Embedding
from bot.engine.local.int8 import Int8Linear
from bot.engine.local.storage import Storage
from tests.engine.conftest import TinyModel

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _seeded() -> Any:
    torch.manual_seed(0)
    with torch.inference_mode():
        yield


def relative_error(found: torch.Tensor, exact: torch.Tensor) -> float:
    return float((found - exact).norm() / exact.norm())


@pytest.mark.parametrize("bias", [False, True])
def test_eight_bits_come_close_to_the_exact_product(bias: bool) -> None:
    linear = nn.Linear(128, 96, bias=bias)
    x = torch.randn(3, 5, 128)
    assert relative_error(Int8Linear(linear)(x), linear(x)) < 0.02


def test_one_huge_token_does_not_blur_its_neighbours() -> None:
    linear, x = nn.Linear(128, 96, bias=False), torch.randn(1, 8, 128)
    x[0, 0] *= 1000
    found = Int8Linear(linear)(x)
    assert relative_error(found[0, 1:], linear(x)[0, 1:]) < 0.02


def test_the_largest_activations_never_overflow() -> None:
    linear = nn.Linear(64, 32, bias=False)
    linear.weight.fill_(1.0)
    x = torch.ones(1, 64)
    x[0, 0] = -1
    assert Int8Linear(linear)(x)[0, 0].item() == pytest.approx(62, rel=0.01)


def test_a_token_in_eight_bits_is_the_same_whoever_shares_its_batch() -> None:
    layer = Int8Linear(nn.Linear(128, 96))
    batch = torch.randn(1, 33, 128) * torch.rand(1, 33, 1) * 50
    together = layer(batch)[0]
    alone = torch.cat([layer(batch[:, n : n + 1])[0] for n in range(33)])
    assert torch.equal(together, alone)


@pytest.mark.parametrize("x", [torch.zeros(1, 64), torch.full((2, 64), 3.0)])
def test_constant_activations_are_no_division_by_zero(x: torch.Tensor) -> None:
    linear = nn.Linear(64, 32)
    assert relative_error(Int8Linear(linear)(x), linear(x)) < 0.02


def test_a_row_of_a_four_bit_embedding_is_what_bitsandbytes_unpacks() -> None:
    from bitsandbytes.functional import dequantize_4bit, quantize_4bit

    packed, state = quantize_4bit(torch.randn(600, 192), compress_statistics=True, quant_type="nf4")
    embedding = Nf4Embedding(packed, state, torch.float32)
    ids = torch.tensor([[0, 599], [17, 300]])
    assert torch.equal(embedding(ids), dequantize_4bit(packed, state)[ids])


def test_a_row_of_an_eight_bit_embedding_is_close() -> None:
    weight = torch.randn(50, 32)
    rows = Int8Embedding(weight, torch.float32)(torch.arange(50))
    assert relative_error(rows, weight) < 0.01


@pytest.mark.parametrize("method", ["int8", "nf4"])
@pytest.mark.parametrize("head", [False, True])
@pytest.mark.parametrize("family", ["llama", "gemma3"])
def test_a_quantised_model_still_says_nearly_the_same(
    family: str, head: bool, method: Any, tiny_model: TinyModel
) -> None:
    storage = Storage(method, head, "float32", gpu=False)
    ids = torch.arange(5, 40)[None]
    exact = load(tiny_model, family, Storage("none", False, "float32", gpu=False))(ids).logits
    model = load(tiny_model, family, storage)
    bound = 0.15 if method == "int8" else 0.8  # a stranger's logits would be 1.4 away
    assert relative_error(model(ids).logits, exact) < bound
    names = {type(module).__name__ for module in model.modules()}
    assert ("Int8Linear" in names) == (method == "int8")
    assert bool(names & {"Int8Embedding", "Nf4Embedding"}) == head


def load(tiny_model: TinyModel, family: str, storage: Storage) -> Any:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        tiny_model(family),
        dtype=torch.float32,
        quantization_config=quantize.bits_and_bytes(storage, offload=False),
    )
    quantize.finish(model, storage)
    return model


def test_a_tied_head_and_its_embedding_share_their_four_bits() -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=100, hidden_size=64, intermediate_size=128, num_hidden_layers=1,
        num_attention_heads=4, tie_word_embeddings=True,
    )  # fmt: skip
    model: Any = LlamaForCausalLM(config)
    quantize.finish(model, Storage("nf4", True, "float32", gpu=False))
    packed = model.get_input_embeddings().packed
    assert packed.data_ptr() == model.get_output_embeddings().weight.data_ptr()
    assert model(torch.arange(9)[None]).logits.isfinite().all()
