"""Greedy output equals ``transformers.generate`` token for token, in fp32, whatever goes on.

In NF4, too, where the kernels are the same. On processors with AVX512-BF16, bitsandbytes multiplies
in bfloat16 by a kernel whose sums depend on how many rows come together: there, each token has to
be one that the reference all but chose itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest
from bitsandbytes.functional import has_avx512bf16

from bot.engine.local.loaded import LoadedModel
from bot.engine.local.packed import pack
from bot.engine.local.plain import PlainRunner
from bot.engine.local.vocabulary import Vocabulary
from bot.types import Message
from tests.engine.conftest import TinyModel
from tests.engine.desk import GREEDY, Desk, load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MODELS = ("demo", "qwen2", "qwen3", "mistral", "gemma3", "qwen2 in nf4", "demo in packed")
REQUESTS = 16
NEW = 20
WORDS = (
    *("sea", "salt", "wind", "ship", "far", "home", "night", "star", "song", "old", "road"),
    *("rain", "1", "2", "3", "?", "!", "café", "鯨", "🐋"),
)
PARAMS = replace(GREEDY, max_new_tokens=NEW)

NEAR_TIE = 2**-9
"""How far below the best logit a chosen one may be, as a share of the largest: half a unit in the
last of the 8 bits that bfloat16 keeps."""


@dataclass(frozen=True, slots=True)
class Case:
    loaded: LoadedModel
    texts: Sequence[str]
    prompts: Sequence[list[int]]
    expected: Sequence[list[int]]
    exact: bool = True

    def desk(self, *, kv_tokens: int = 8192, **config: Any) -> Desk:
        return Desk(replace(self.loaded, kv_tokens=kv_tokens), **config)

    def check(self, desk: Desk, numbers: Sequence[int], which: Sequence[int]) -> None:
        for number, index in zip(numbers, which, strict=True):
            found = desk.tokens(number, len(self.prompts[index]))
            if self.exact:
                assert found == self.expected[index], f"request {index}"
            else:
                missed = misses(self.loaded, self.prompts[index], found)
                assert missed <= NEAR_TIE, f"request {index}"


@pytest.fixture(scope="module", params=MODELS)
def case(request: pytest.FixtureRequest, tiny_model: TinyModel) -> Case:
    family, _, form = request.param.partition(" in ")
    demo = family == "demo"
    folder = request.getfixturevalue("demo_folder") if demo else tiny_model(family)
    loaded = load(folder, nf4=form == "nf4")
    texts = _texts(longest=120 if demo else 60)
    vocabulary = Vocabulary(loaded.tokenizer, loaded.eos_ids)
    prompts = [vocabulary.encode([Message("user", text)]).ids for text in texts]
    expected = [generate(loaded, prompt) for prompt in prompts]
    assert len({tuple(reply) for reply in expected}) > REQUESTS // 2
    if form == "packed":
        pack(loaded.model)
    exact = form != "nf4" or not has_avx512bf16()  # type: ignore[no-untyped-call]
    return Case(loaded, texts, prompts, expected, exact)


def _texts(longest: int) -> list[str]:
    """Of very different lengths."""
    random = Random(7)
    lengths = [3 + (longest - 3) * n // (REQUESTS - 1) for n in range(REQUESTS)]
    random.shuffle(lengths)
    return [" ".join(random.choices(WORDS, k=length)) for length in lengths]


def generate(loaded: LoadedModel, prompt: list[int]) -> list[int]:
    import torch

    loaded.model.set_attn_implementation("sdpa")
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


def misses(loaded: LoadedModel, prompt: list[int], reply: list[int]) -> float:
    """By how much, at worst, the reference would rather have chosen another token of `reply`."""
    import torch

    mine = loaded.model.config._attn_implementation
    loaded.model.set_attn_implementation("sdpa")
    with torch.inference_mode():
        logits = loaded.model(torch.tensor([prompt + reply])).logits[0, len(prompt) - 1 : -1]
    loaded.model.set_attn_implementation(mine)
    chosen = logits.gather(1, torch.tensor(reply)[:, None])[:, 0]
    return float(((logits.amax(1) - chosen) / logits.abs().amax(1)).max())


ALL = range(REQUESTS)


def test_alone(case: Case) -> None:
    desk = case.desk(prefix_cache=False)
    for index in (0, 5, 10, 15):
        number = desk.submit(case.texts[index], PARAMS)
        desk.run()
        case.check(desk, [number], [index])


def test_with_fifteen_others_and_again_out_of_the_cache(case: Case) -> None:
    desk = case.desk()
    for _ in range(2):
        numbers = [desk.submit(text, PARAMS) for text in case.texts]
        desk.run()
        case.check(desk, numbers, ALL)
    usages = [desk.last(number).usage for number in numbers]
    assert all(usage and usage.reused_tokens > usage.prompt_tokens - 32 for usage in usages)


def test_without_prefix_reuse(case: Case) -> None:
    desk = case.desk(prefix_cache=False)
    numbers = [desk.submit(text, PARAMS) for text in case.texts]
    desk.run()
    case.check(desk, numbers, ALL)


@pytest.mark.parametrize("chunk", [16, 37])
def test_with_prompts_computed_in_small_pieces(case: Case, chunk: int) -> None:
    desk = case.desk(prefill_chunk=chunk)
    numbers = [desk.submit(text, PARAMS) for text in case.texts]
    desk.run()
    case.check(desk, numbers, ALL)


def test_with_blocks_that_run_out(case: Case) -> None:
    longest = max(map(len, case.prompts)) + NEW
    desk = case.desk(kv_tokens=2 * longest)
    numbers = [desk.submit(text, PARAMS) for text in case.texts]
    desk.run()
    case.check(desk, numbers, ALL)
    tight = case.desk(kv_tokens=2 * longest, prefix_cache=False)
    numbers = [tight.submit(text, PARAMS) for text in case.texts]
    tight.on_step = _put_back_now_and_then(tight)
    tight.run()
    case.check(tight, numbers, ALL)
    assert tight.runner.put_back() > 0


def _put_back_now_and_then(desk: Desk) -> Callable[[int], None]:
    """Memory pressure on top of what the pool is short of."""
    scheduler = desk.worker.scheduler

    def shrink(step: int) -> None:
        if step % 7 == 0 and len(scheduler.running) > 1:
            scheduler.put_back(1)

    return shrink


def test_with_neighbours_that_are_cancelled(case: Case) -> None:
    desk = case.desk()
    numbers = [desk.submit(text, PARAMS) for text in case.texts]

    def cancel(step: int) -> None:
        if step % 2 and step < REQUESTS:
            desk.cancel(numbers[step])

    desk.on_step = cancel
    desk.run()
    stayed = range(0, REQUESTS, 2)
    case.check(desk, [numbers[index] for index in stayed], stayed)


def test_on_the_plain_path(case: Case) -> None:
    generate(case.loaded, case.prompts[0])  # leaves transformers' own attention in place
    desk = Desk(
        replace(case.loaded, kv_tokens=8192),
        PlainRunner(case.loaded.model, case.loaded.device),
        prefill_chunk=37,
    )
    numbers = [desk.submit(text, PARAMS) for text in case.texts[:6]]
    desk.on_step = _put_back_now_and_then(desk)
    desk.run()
    case.check(desk, numbers, range(6))
