"""Keys and values in int8: how exact they are, and that nothing else changes by them.

The reference is transformers' own attention over keys and values that were rounded likewise. All
is computed in float64, since in float32 the last bit of a sum can decide how a value is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.engine.local import kv_int8, loader, plan, sdpa
from bot.engine.local.choice import choose
from bot.engine.local.config import KvDtype, LocalConfig
from bot.engine.local.kv_int8 import quantise, rounded, rounding
from bot.engine.local.kvcache import KVCache, LayerShape
from bot.engine.local.loaded import LoadedModel
from bot.engine.local.plain import PlainRunner
from bot.engine.local.progress import silent
from bot.engine.local.runner import PagedRunner
from bot.engine.local.sequence import Slice
from bot.engine.local.shape import shape_of
from bot.engine.local.vocabulary import Vocabulary
from bot.types import Message
from tests.engine import tiny
from tests.engine.conftest import TinyModel
from tests.engine.desk import GREEDY, Desk, load
from tests.engine.machines import machine
from tests.engine.test_runner import LENGTHS, SIZE, reference, scattered, tokens

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def in_float64(loaded: LoadedModel) -> LoadedModel:
    loaded.model.double()
    return loaded


# --- a vector and its scale ----------------------------------------------------------------------


@given(
    vector=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=64),
    exponent=st.integers(-90, 90),
    dtype=st.sampled_from((torch.float32, torch.bfloat16, torch.float64)),
)
@settings(max_examples=300)
def test_what_comes_back_is_off_by_half_a_scale_at_most(
    vector: list[float], exponent: int, dtype: torch.dtype
) -> None:
    x = (torch.tensor(vector, dtype=torch.float64) * 2.0**exponent).to(dtype)
    codes, scale = quantise(x)
    assert codes.dtype is torch.int8
    assert int(codes.abs().max()) <= 127
    off = (codes.double() * scale.double() - x.double()).abs().max()
    assert float(off) <= 0.5001 * float(scale)
    if float(x.abs().max()) > kv_int8.LEAST:
        assert float(scale) * 127 == pytest.approx(float(x.double().abs().max()), rel=1e-6)


def test_each_vector_has_its_own_scale() -> None:
    x = torch.randn(5, 3, 16) * torch.logspace(-6, 6, 15).view(5, 3, 1)
    off = (rounded(x) - x).abs().amax(-1)
    assert (off <= 0.501 * x.abs().amax(-1) / 127).all()


def test_zeros_come_back_as_zeros_and_nan_as_nan() -> None:
    assert rounded(torch.zeros(2, 8)).count_nonzero() == 0
    assert rounded(torch.full((2, 8), torch.nan)).isnan().all()


# --- the cache -----------------------------------------------------------------------------------


def test_what_is_read_is_what_was_written_rounded() -> None:
    shape = LayerShape(2, 16, 24, torch.float32, torch.device("cpu"))
    cache = KVCache({0: shape}, 8, SIZE, "int8")
    slots = torch.randperm(8 * SIZE)[:50]
    key, value = torch.randn(2, 50, 16), torch.randn(2, 50, 24)
    told = cache.write(0, slots, key, value)
    found = cache.read(0, torch.arange(8))
    for x, said, read in zip((key, value), told, found, strict=True):
        assert torch.equal(said, rounded(x))
        assert torch.equal(read[slots].transpose(0, 1), said)
        assert int(read.any(-1).sum()) == 2 * 50


@pytest.mark.parametrize("family", tiny.FAMILIES)
@pytest.mark.parametrize("kv_dtype", ["auto", "int8"])
def test_the_plan_is_right_to_the_byte(
    tiny_model: TinyModel, family: str, kv_dtype: KvDtype
) -> None:
    loaded = load(tiny_model(family))
    config = LocalConfig(kv_dtype=kv_dtype, dtype="float32", quantize="none")
    planned = plan.make(family, shape_of(loaded.model.config), config, machine())
    runner = PagedRunner(loaded.model, loaded.device, blocks=9, block_size=SIZE, kv_dtype=kv_dtype)
    assert runner.cache_bytes == planned.kv_token_bytes * (9 + 1) * SIZE


def test_what_the_config_asks_for_is_what_is_allocated(
    tiny_model: TinyModel, tmp_path: Path
) -> None:
    config = LocalConfig(
        model=str(tiny_model("qwen3")), kv_dtype="int8", kv_tokens=1024, dtype="float32"
    )
    loaded = loader.load(config, tmp_path, silent)
    planned, _ = loader.make_plan(config, tmp_path, silent)
    runner = choose(loaded, block_size=SIZE)
    assert planned.kv_dtype == "int8"
    assert runner.cache_bytes == planned.kv_token_bytes * (1024 + SIZE)


def test_what_is_wiped_reaches_nobody() -> None:
    shape = LayerShape(2, 16, 16, torch.float32, torch.device("cpu"))
    cache = KVCache({0: shape}, 4, SIZE, "int8")
    spoilt = torch.full((2, SIZE, 16), torch.nan)
    cache.write(0, torch.arange(SIZE), spoilt, spoilt)
    assert all(read.isnan().all() for read in cache.read(0, torch.tensor([0])))
    cache.wipe([0])
    assert all(read.count_nonzero() == 0 for read in cache.read(0, torch.tensor([0])))


# --- the model -----------------------------------------------------------------------------------


@pytest.mark.parametrize("family", tiny.FAMILIES)
@pytest.mark.parametrize("group_tokens", [1, sdpa.GROUP_TOKENS])
def test_logits_are_those_of_transformers_with_rounded_keys_and_values(
    tiny_model: TinyModel, family: str, group_tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pieces, some of which end within a block, then all together in one decode step; past
    the sliding window; in padded groups and one by one."""
    monkeypatch.setattr(sdpa, "GROUP_TOKENS", group_tokens)
    loaded = in_float64(load(tiny_model(family)))
    with rounding(loaded.model):
        expected = torch.stack(
            [reference(loaded.model, tokens(n, i)) for i, n in enumerate(LENGTHS)]
        )
    runner = PagedRunner(loaded.model, loaded.device, blocks=64, block_size=SIZE, kv_dtype="int8")
    sequences = scattered()
    runner.run([Slice(each, 0, len(each.tokens) // 2) for each in sequences])
    runner.run([Slice(each, len(each.tokens) // 2, len(each.tokens) - 1) for each in sequences])
    decode = [Slice(each, len(each.tokens) - 1, len(each.tokens)) for each in sequences]
    torch.testing.assert_close(runner.run(decode), expected, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_each_family_is_served_by_paging(tiny_model: TinyModel, family: str) -> None:
    loaded = replace(load(tiny_model(family)), kv_dtype="int8")
    before = loaded.model.config._attn_implementation
    with capture_logs() as lines:
        runner = choose(loaded, block_size=SIZE)
    assert isinstance(runner, PagedRunner)
    assert lines[-1]["kv_dtype"] == "int8"
    assert runner.cache.keys[0].dtype is torch.int8
    assert loaded.model.config._attn_implementation != before


def test_a_scale_that_goes_astray_is_noticed(
    tiny_model: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.engine.local import kv_pool

    def astray(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        codes, scales = quantise(x)
        return codes, scales.roll(1, 0)

    monkeypatch.setattr(kv_pool, "quantise", astray)
    loaded = replace(load(tiny_model("llama")), kv_dtype="int8")
    assert isinstance(choose(loaded, block_size=SIZE), PlainRunner)


# --- the engine ----------------------------------------------------------------------------------

NEW = 6
PARAMS = replace(GREEDY, max_new_tokens=NEW)
TEXTS = (
    "Why is the sea salt?",
    "Tell me of a ship that came home at night, and of the star that it went by.",
    "1 2 3",
    "rain " * 20 + "?",
)


@dataclass(frozen=True, slots=True)
class Case:
    loaded: LoadedModel
    prompts: Sequence[list[int]]
    expected: Sequence[list[int]]

    def desk(self, *, kv_tokens: int = 4096, **config: Any) -> Desk:
        return Desk(replace(self.loaded, kv_tokens=kv_tokens), kv_dtype="int8", **config)

    def check(self, desk: Desk) -> None:
        numbers = [desk.submit(text, PARAMS) for text in TEXTS]
        desk.run()
        for number, prompt, expected in zip(numbers, self.prompts, self.expected, strict=True):
            assert desk.tokens(number, len(prompt)) == expected, f"request {number}"


@pytest.fixture(scope="module", params=["demo", "qwen2", "gemma3"])
def case(request: pytest.FixtureRequest, tiny_model: TinyModel) -> Case:
    demo = request.param == "demo"
    folder = request.getfixturevalue("demo_folder") if demo else tiny_model(request.param)
    loaded = in_float64(load(folder))
    vocabulary = Vocabulary(loaded.tokenizer, loaded.eos_ids)
    prompts = [vocabulary.encode([Message("user", text)]).ids for text in TEXTS]
    with rounding(loaded.model):
        expected = [generated(loaded, prompt) for prompt in prompts]
    return Case(loaded, prompts, expected)


def generated(loaded: LoadedModel, prompt: list[int]) -> list[int]:
    ids = torch.tensor([prompt])
    output = loaded.model.generate(  # type: ignore[operator]  # a mixin's method
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=NEW,
        do_sample=False,
        eos_token_id=list(loaded.eos_ids),
        pad_token_id=0,
    )
    return [int(token) for token in output[0, len(prompt) :]]


def test_text_is_that_of_transformers_with_rounded_keys_and_values(case: Case) -> None:
    """All at once, then again out of the cache, whose blocks serve a second time."""
    desk = case.desk()
    case.check(desk)
    case.check(desk)
    usages = [desk.last(number).usage for number in range(len(TEXTS), 2 * len(TEXTS))]
    assert all(usage and usage.reused_tokens >= usage.prompt_tokens - 32 for usage in usages)


def test_text_is_the_same_alone(case: Case) -> None:
    case.check(case.desk(max_batch=1, prefix_cache=False))


@pytest.mark.parametrize("chunk", [16, 37])
def test_text_is_the_same_with_prompts_in_small_pieces(case: Case, chunk: int) -> None:
    case.check(case.desk(prefill_chunk=chunk, prefix_cache=False))


def test_text_is_the_same_with_blocks_that_run_out(case: Case) -> None:
    longest = max(map(len, case.prompts)) + NEW
    desk = case.desk(kv_tokens=3 * longest, prefix_cache=False)
    desk.on_step = _put_back_now_and_then(desk)
    case.check(desk)
    assert desk.runner.put_back() > 0


def _put_back_now_and_then(desk: Desk) -> Callable[[int], None]:
    scheduler = desk.worker.scheduler
    return lambda step: scheduler.put_back(int(step % 3 == 0 and len(scheduler.running) > 1))


def test_a_text_is_hardly_less_expected_than_with_keys_and_values_as_they_are(
    demo_folder: Path,
) -> None:
    from bench.kv import Reader, compare

    loaded = load(demo_folder)
    ids = loaded.tokenizer(" ".join(TEXTS) * 3 + TEXTS[1])["input_ids"]
    plain, int8 = (Reader(loaded, ids, kv_dtype) for kv_dtype in ("auto", "int8"))
    found = compare(plain, int8, piece=64)
    assert found.perplexity == pytest.approx(found.plain_perplexity, rel=0.01)
    assert found.divergence < 1e-3
    assert found.agreement > 0.97
