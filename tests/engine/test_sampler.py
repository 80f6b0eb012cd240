from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import (
    LogitsProcessorList,
    MinNewTokensLengthLogitsProcessor,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    SequenceBiasLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from bot.engine.local.adjustments import adjusted
from bot.engine.local.candidates import among_all, among_likeliest, needs_order
from bot.engine.local.sampler import WIDTHS, Sampled, Sampler
from bot.engine.local.sampling import SamplingState
from bot.errors import RequestFailed
from bot.types import SamplingParams

pytestmark = pytest.mark.slow

V = 6000
EOS = 7
PROMPT = [3, 3, 5, 11]

params = st.builds(
    SamplingParams,
    temperature=st.sampled_from([0.3, 0.7, 1.0, 1.8]),
    top_k=st.sampled_from([0, 1, 5, 300, 5000, V, V + 9]),
    top_p=st.sampled_from([0.0, 0.1, 0.5, 0.9, 0.99, 1.0]),
    min_p=st.sampled_from([0.0, 0.05, 0.5, 1.0]),
    repetition_penalty=st.sampled_from([1.0, 1.3, 0.8]),
    logit_bias=st.sampled_from([{}, {3: 4.0, 9: -100.0, 12: 8.0}]),
    min_new_tokens=st.sampled_from([0, 50]),
    seed=st.integers(0, 2**64),
)


def state(params: SamplingParams, generated: Sequence[int] = ()) -> SamplingState:
    made = SamplingState(params, PROMPT, {EOS}, V)
    for token in generated:
        made.accept(token)
    return made


def random_logits(rows: int, seed: int, spread: float = 3.0) -> Tensor:
    return torch.randn(rows, V, generator=torch.Generator().manual_seed(seed)) * spread


def token_of(result: Sampled | RequestFailed) -> int:
    assert isinstance(result, Sampled)
    return result.token


def sample(logits: Tensor, *states: SamplingState) -> list[int]:
    return [token_of(result) for result in Sampler(V, "cpu").sample(logits, states)]


def reference(logits: Tensor, params: SamplingParams, generated: Sequence[int]) -> Tensor:
    """Probabilities [V] after transformers' own processors, in the order of `generate`."""
    history = torch.LongTensor([[*PROMPT, *generated]])
    processors = LogitsProcessorList()
    if params.logit_bias:
        bias: list[list[list[int] | float]] = [
            [[token], value] for token, value in params.logit_bias.items()
        ]
        processors.append(SequenceBiasLogitsProcessor(bias))
    processors += [
        RepetitionPenaltyLogitsProcessor(params.repetition_penalty),
        MinNewTokensLengthLogitsProcessor(len(PROMPT), params.min_new_tokens, [EOS]),
        TemperatureLogitsWarper(params.temperature),
    ]
    if params.top_k:
        processors.append(TopKLogitsWarper(params.top_k))
    processors += [TopPLogitsWarper(params.top_p), MinPLogitsWarper(params.min_p)]
    scores = cast("torch.FloatTensor", logits[None].clone())
    return processors(history, scores).softmax(-1)[0]


def distribution(logits: Tensor, state: SamplingState) -> Tensor:
    """Probabilities [V], widened as the sampler does it."""
    scores = adjusted(logits[None], [state])
    if not needs_order(state):
        weights = among_all(scores, [state])
        return (weights / weights.sum())[0]
    for width in (*WIDTHS, V):
        likeliest = among_likeliest(scores, [state], width)
        if likeliest.enough:
            break
    weights = torch.zeros(1, V).scatter(-1, likeliest.ids, likeliest.weights)
    return (weights / weights.sum())[0]


@given(
    params=params,
    generated=st.lists(st.integers(0, 20), max_size=8),
    seed=st.integers(0, 99),
    spread=st.sampled_from([0.2, 3.0]),
)
def test_the_distribution_is_that_of_transformers(
    params: SamplingParams, generated: list[int], seed: int, spread: float
) -> None:
    logits = random_logits(1, seed, spread)[0]
    found = distribution(logits, state(params, generated))
    expected = reference(logits, params, generated)
    assert (found - expected).abs().max() < 1e-5
    assert ((found > 0) != (expected > 0)).sum() <= 1, "rounding may move the edge by one token"


def test_equals_of_the_last_of_top_k_all_stay() -> None:
    logits = torch.zeros(V)
    logits[:400] = 5.0
    logits[0] = 6.0
    found = distribution(logits, state(SamplingParams(temperature=1.0, top_k=40, top_p=1.0)))
    assert (found > 0).sum() == 400


def test_presence_and_frequency_are_taken_off_what_the_reply_said() -> None:
    logits = random_logits(1, 0)
    params = SamplingParams(presence_penalty=0.5, frequency_penalty=0.25)
    changed = adjusted(logits, [state(params, [5, 9, 9])]) - logits
    expected = {5: -0.75, 9: -1.0}
    assert {token: round(changed[0, token].item(), 4) for token in expected} == expected
    assert changed.count_nonzero() == len(expected), "the prompt's tokens are free"


def test_tokens_come_as_often_as_their_probabilities_say() -> None:
    """Chi-square of 2,000 draws against transformers' distribution, about the 0.999 quantile."""
    params = SamplingParams(temperature=0.9, top_k=12, top_p=0.95)
    logits, draws = random_logits(1, 4)[0], 2000
    expected = reference(logits, params, []) * draws
    states = [state(replace(params, seed=seed)) for seed in range(draws)]
    counts = Counter(sample(logits.expand(draws, V), *states))
    kept = expected.nonzero().flatten().tolist()
    assert set(counts) <= set(kept)
    statistic = sum((counts[token] - expected[token]) ** 2 / expected[token] for token in kept)
    freedom = len(kept) - 1
    assert min(expected[kept]) > 5
    assert statistic < freedom + 3.1 * math.sqrt(2 * freedom) + 6


@settings(max_examples=25)
@given(others=st.lists(params, min_size=1, max_size=9), mine=params, place=st.integers(0, 9))
def test_a_row_gets_the_same_tokens_alone_and_in_company(
    others: list[SamplingParams], mine: SamplingParams, place: int
) -> None:
    place = min(place, len(others))
    logits = random_logits(len(others) + 1, 7).bfloat16().float()
    alone, company = state(mine), [state(params) for params in others]
    company.insert(place, state(mine))
    for step in range(2):
        rolled = logits.roll(step, -1)
        expected = sample(rolled[place : place + 1], alone)[0]
        tokens = sample(rolled, *company)
        assert tokens[place] == expected
        for each, token in zip(company, tokens, strict=True):
            each.accept(token)
        alone.accept(expected)


def test_a_step_that_is_run_again_gives_the_same() -> None:
    logits, states = random_logits(8, 1), [state(SamplingParams()) for _ in range(8)]
    assert sample(logits, *states) == sample(logits, *states)


@settings(max_examples=50)
@given(seed=st.integers(0, 99), generated=st.lists(st.integers(0, 20), max_size=5))
def test_temperature_zero_is_the_argmax_of_the_adjusted_scores(
    seed: int, generated: list[int]
) -> None:
    logits = random_logits(2, seed)
    greedy = SamplingParams(temperature=0, top_k=3, top_p=0.5)
    penalised = replace(greedy, repetition_penalty=1.5, logit_bias={3: 5.0}, temperature=0)
    expected = reference(logits[1], replace(penalised, temperature=1.0), generated).argmax()
    tokens = sample(logits, state(greedy), state(penalised, generated))
    assert tokens == [logits[0].argmax(), expected]


@pytest.mark.parametrize(
    "params",
    [
        SamplingParams(temperature=1e-300),
        SamplingParams(temperature=1e-9, top_p=1.0),
        SamplingParams(top_k=1),
        SamplingParams(top_p=0.0),
        SamplingParams(top_p=1.0, min_p=1.0),
    ],
)
def test_the_extremes_leave_the_likeliest(params: SamplingParams) -> None:
    logits = random_logits(1, 2)
    assert sample(logits, state(params)) == [logits.argmax()]


@pytest.mark.parametrize("top_p", [1.0, 0.9])
def test_hardly_any_candidates_are_enough(top_p: float) -> None:
    logits = torch.full((1, V), -math.inf)
    logits[0, [4, 9]] = torch.tensor([0.0, -math.inf])
    for top_k in (0, 5, V + 5):
        assert sample(logits, state(SamplingParams(top_k=top_k, top_p=top_p))) == [4]


def test_dice_at_their_highest_never_leave_the_candidates() -> None:
    params, logits = SamplingParams(top_k=3, top_p=1.0), random_logits(1, 3)
    highest = state(params)
    highest.uniform = 1 - 2.0**-53
    assert sample(logits, highest)[0] in logits[0].topk(3).indices


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("temperature", [0.0, 0.7])
@pytest.mark.parametrize("top_p", [1.0, 0.9])
def test_a_row_of_wrong_numbers_fails_alone(bad: float, temperature: float, top_p: float) -> None:
    logits = random_logits(4, 5)
    logits[1, 17] = bad
    logits[2] = -math.inf
    params = SamplingParams(temperature=temperature, top_p=top_p)
    results = Sampler(V, "cpu").sample(logits, [state(params) for _ in range(4)])
    failed = [isinstance(result, RequestFailed) for result in results]
    assert failed == [False, True, True, False]


def test_the_end_is_barred_until_the_shortest_reply_is_there() -> None:
    logits = torch.zeros(1, V)
    logits[0, EOS], logits[0, 4] = 9.0, 8.0
    growing = state(SamplingParams(temperature=0, min_new_tokens=2))
    said = []
    for _ in range(3):
        said += sample(logits, growing)
        growing.accept(said[-1])
    assert said == [4, 4, EOS]


def test_tokens_beyond_the_vocabulary_are_never_chosen() -> None:
    padded = torch.cat([random_logits(1, 6), torch.full((1, 64), 99.0)], -1)
    for params in (SamplingParams(), SamplingParams(temperature=0), SamplingParams(top_p=1.0)):
        assert sample(padded, state(params))[0] < V


def test_logprobs_are_the_models_own() -> None:
    logits = random_logits(3, 8)
    asked = SamplingParams(temperature=0, logprobs=2, logit_bias={50: 99.0})
    states = [state(SamplingParams()), state(asked), state(replace(asked, logprobs=0))]
    before = logits.clone()
    unasked, best, own = Sampler(V, "cpu").sample(logits, states)
    assert torch.equal(before, logits)
    assert isinstance(unasked, Sampled)
    assert isinstance(best, Sampled)
    assert isinstance(own, Sampled)
    assert unasked.logprob is None
    expected = logits.log_softmax(-1)
    assert best.logprob is not None
    assert (best.token, best.logprob.token) == (50, 50)
    assert best.logprob.logprob == pytest.approx(expected[1, 50].item())
    top = expected[1].topk(2)
    assert [token for token, _ in best.logprob.top] == top.indices.tolist()
    assert [value for _, value in best.logprob.top] == pytest.approx(top.values.tolist())
    assert own.logprob is not None
    assert own.logprob.logprob == pytest.approx(expected[2, 50].item())
    assert own.logprob.top == ()


def test_a_long_reply_keeps_count_of_every_token() -> None:
    penalised = state(SamplingParams(frequency_penalty=1.0))
    for token in range(2000):
        penalised.accept(token % 500)
    assert penalised.seen is not None
    counts = dict(zip(penalised.seen.ids.tolist(), penalised.seen.counts.tolist(), strict=True))
    assert counts == dict.fromkeys(range(500), 4.0)


@pytest.mark.parametrize(
    ("params", "rule"),
    [
        (SamplingParams(temperature=-1), "temperature must be"),
        (SamplingParams(temperature=math.nan), "temperature must be"),
        (SamplingParams(top_p=1.1), "top_p must be"),
        (SamplingParams(top_k=-1), "top_k must be"),
        (SamplingParams(min_p=2), "min_p must be"),
        (SamplingParams(repetition_penalty=0), "repetition_penalty must be"),
        (SamplingParams(presence_penalty=math.inf), "presence_penalty must be"),
        (SamplingParams(logit_bias={V: 1.0}), "logit_bias must name tokens below"),
        (SamplingParams(logit_bias={1: math.nan}), "logit_bias must hold numbers"),
        (SamplingParams(logprobs=-1), "logprobs must be"),
    ],
)
def test_settings_that_mean_nothing_are_refused(params: SamplingParams, rule: str) -> None:
    with pytest.raises(RequestFailed, match=rule):
        state(params)
