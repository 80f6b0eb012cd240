from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.local import plan, plan_table
from bot.engine.local.config import LocalConfig
from bot.engine.local.shape import shape_of
from bot.engine.local.sizes import GIB, KIB
from bot.engine.local.storage import Storage
from tests.engine.conftest import TinyModel
from tests.engine.machines import machine, qwq

pytestmark = pytest.mark.slow

NF4 = Storage("nf4", head=False, dtype="bfloat16", gpu=True)
NF4_HEAD = Storage("nf4", head=True, dtype="bfloat16", gpu=True)


def planned(*gpus: float, ram: float = 64, **keys: Any) -> plan.Plan:
    return plan.make("QwQ", qwq(), LocalConfig(**keys), machine(*gpus, ram=ram))


def test_qwq_in_nf4_takes_what_was_measured_and_with_its_head_at_most_sixteen_gib() -> None:
    assert NF4.total(qwq()) / GIB == pytest.approx(17.9, abs=0.05)
    assert NF4_HEAD.total(qwq()) / GIB <= 16.0


def test_a_token_of_qwq_takes_256_kib_of_cache() -> None:
    assert planned(80).kv_token_bytes == 256 * KIB


def test_in_int8_a_token_takes_a_byte_an_element_and_a_scale_a_head() -> None:
    chosen = planned(80, kv_dtype="int8")
    assert chosen.kv_token_bytes == 64 * 2 * 8 * (128 + 4) == 132 * KIB
    assert chosen.kv_tokens > 1.9 * planned(80).kv_tokens
    shown = plan_table.as_text(chosen, LocalConfig(kv_dtype="int8"), machine(80))
    assert "KV cache in int8: 132.0 KiB a token" in shown


@pytest.mark.parametrize("head", [False, True])
def test_the_bytes_are_those_that_bitsandbytes_keeps(head: bool) -> None:
    import torch
    from transformers import Qwen2Config

    from bench.qwq import build_from

    config = Qwen2Config(
        vocab_size=1000, hidden_size=192, intermediate_size=320, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=False,
        bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    with torch.inference_mode():
        model = build_from(config, quantize_head=head, device="cpu")
    tensors = {tensor.data_ptr(): tensor.nbytes for tensor in _tensors(model)}
    assert sum(tensors.values()) == Storage("nf4", head, "bfloat16", True).total(shape_of(config))


def _tensors(model: Any) -> list[Any]:
    """All that stays in memory for the weights: rotary tables are no weights."""
    found = [buffer for name, buffer in model.named_buffers() if "inv_freq" not in name]
    for parameter in model.parameters():
        state = getattr(parameter, "quant_state", None)
        found.append(parameter.data)
        if state is not None:
            found += [state.absmax, state.code, state.offset, state.state2.absmax]
            found.append(state.state2.code)
    return found


def test_auto_keeps_a_small_model_as_it_is_and_says_why() -> None:
    chosen = planned(140)
    assert chosen.storage.method == "none"
    assert chosen.reason == "in bfloat16 it takes 61.0 GiB of 126.0 GiB of GPU memory"


def test_auto_takes_four_bits_where_sixteen_would_leave_conversations_no_room() -> None:
    chosen = planned(80)
    assert chosen.storage.method == "nf4"
    assert chosen.fits
    assert "conversations need room" in chosen.reason


def test_auto_on_the_cpu_takes_eight_bits_where_memory_is_short() -> None:
    assert planned(ram=200).storage.method == "none"
    assert planned(ram=100).storage.method == "int8"
    assert planned(ram=32).storage.method == "nf4"


def test_the_cpus_eight_bit_head_is_counted_beside_the_embedding_that_it_was_tied_to() -> None:
    from transformers import LlamaConfig

    shape = shape_of(LlamaConfig(vocab_size=100, hidden_size=64, tie_word_embeddings=True))
    sizes = Storage("int8", head=False, dtype="float32", gpu=False).components(shape)
    assert (sizes["embedding"], sizes["head"]) == (100 * 64 * 4, 100 * (64 + 12))


def test_an_old_gpu_computes_in_float16() -> None:
    old = machine(80, capability=(7, 5))
    assert plan.make("QwQ", qwq(), LocalConfig(), old).storage.dtype == "float16"


def test_two_gpus_share_what_one_could_not_hold() -> None:
    assert not planned(12).fits
    both = planned(12, 12)
    assert both.fits
    assert len(both.placements) == 2


def test_one_gpu_of_several_can_be_named() -> None:
    chosen = planned(80, 24, device="cuda:1")
    assert [place.device.name for place in chosen.placements] == ["GPU 1 (Card)"]


def test_what_is_too_much_goes_to_the_cpu_only_if_it_may() -> None:
    assert not planned(16, quantize="nf4").fits
    offloading = planned(16, quantize="nf4", offload=True)
    assert offloading.fits
    assert offloading.offloaded > 0


def test_more_than_all_layers_can_not_go_to_the_cpu() -> None:
    hopeless = planned(2, quantize="nf4", offload=True)
    assert not hopeless.fits
    assert hopeless.offloaded == NF4.components(qwq())["layers"]
    assert all(place.weights > 0 for place in hopeless.placements)


def test_a_step_counts_what_the_kernels_keep_for_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step = planned(80, quantize="nf4").placements[0].step
    monkeypatch.setattr(plan, "ROOM", 0)
    assert step - planned(80, quantize="nf4").placements[0].step == 70 * 2**20


def test_the_refusal_shows_the_table_and_two_ways_out() -> None:
    config, hardware = LocalConfig(model="QwQ", quantize="none"), machine(24)
    refused = plan_table.too_large(plan.make("QwQ", qwq(), config, hardware), config, hardware)
    first, _, table = str(refused).partition("\n\n")
    assert first == (
        "QwQ needs 62.1 GiB as none, and there are 21.6 GiB: set engine.quantize to nf4, which "
        "fits, or set engine.offload to true, which is slow."
    )
    assert "nf4 with head" in table


def test_where_nothing_fits_a_smaller_model_or_another_machine_is_the_way_out() -> None:
    config, hardware = LocalConfig(), machine(8, ram=8)
    ways = plan_table.ways_out(plan.make("QwQ", qwq(), config, hardware), config, hardware)
    assert ways == [
        "take a model of up to 9.4 billion parameters",
        "run it on another machine and set engine.kind to openai",
    ]


def test_sliding_layers_are_told_apart(tiny_model: TinyModel) -> None:
    from transformers import AutoConfig

    shape = shape_of(AutoConfig.from_pretrained(tiny_model("gemma3")))
    assert [cache.window for cache in shape.caches] == [24, 24, None]
    chosen = plan.make("gemma", shape, LocalConfig(), machine())
    assert "2 of 3 layers look back 24 tokens" in plan_table.as_text(
        chosen, LocalConfig(), machine()
    )


def test_yarn_widens_the_window() -> None:
    from transformers import Qwen2Config

    from bot.engine.local.shape import context_window

    rope = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}
    rope["rope_theta"] = 1e6
    assert (
        context_window(Qwen2Config(max_position_embeddings=40960, rope_parameters=rope)) == 131072
    )


@given(free=st.floats(1, 200), ram=st.floats(1, 500), offload=st.booleans(), head=st.booleans())
def test_a_plan_that_fits_never_takes_more_than_there_is(
    free: float, ram: float, offload: bool, head: bool
) -> None:
    chosen = planned(free, ram=ram, offload=offload, quantize_head=head)
    for place in chosen.placements:
        assert place.weights + place.step + place.cache <= place.device.budget or not chosen.fits
    if chosen.fits:
        assert chosen.kv_tokens >= plan.LEAST_CACHE
        assert chosen.needed <= chosen.budget
