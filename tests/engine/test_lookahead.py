"""What the card computes ahead is taken only where it is what was asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.local.blocks import BlockPool
from bot.engine.local.lookahead import Guess, guess
from bot.engine.local.sampler import SHORT, Sampler, draw, drawing_settings
from bot.engine.local.sampling import SamplingState
from bot.engine.local.scheduler import Scheduler
from bot.engine.local.sequence import Sequence, Slice
from bot.types import SamplingParams

pytestmark = pytest.mark.slow

SIZE = 16
PLAIN = SamplingParams(temperature=0.6, top_p=0.95, top_k=40, seed=1)


class Batch:
    """Three sequences that have chosen a token, and the guess that was made before that."""

    def __init__(self) -> None:
        self.sequences = [Sequence(list(range(20)), n, blocks=[2 * n, 2 * n + 1]) for n in range(3)]
        self.states = [SamplingState(PLAIN, (), (), 100) for _ in range(3)]
        found = guess([Slice(each, 19, 20) for each in self.sequences], self.states, SIZE)
        assert found is not None
        self.guess: Guess = found
        self.guess.expected = [50, 51, 52]
        for sequence, state, token in zip(self.sequences, self.states, (50, 51, 52), strict=True):
            sequence.tokens.append(token)
            state.accept(token)

    def rows(self, *numbers: int) -> list[int] | None:
        slices = [Slice(self.sequences[n], 20, 21) for n in numbers]
        return self.guess.rows(slices, [self.states[n] for n in numbers])


def test_a_right_guess_says_where_everything_is() -> None:
    assert Batch().rows(0, 1, 2) == [0, 1, 2]


def test_what_is_left_when_a_sequence_ends_is_still_right() -> None:
    assert Batch().rows(2, 0) == [2, 0]


def test_another_token_than_the_chosen_one_makes_it_wrong() -> None:
    batch = Batch()
    batch.sequences[1].tokens[20] = 7
    assert batch.rows(0, 1) is None
    assert batch.rows(0, 2) == [0, 2]


def test_a_sequence_that_came_in_between_makes_it_wrong() -> None:
    batch = Batch()
    batch.sequences.append(Sequence(list(range(21)), 3, blocks=[6, 7]))
    batch.states.append(batch.states[0])
    assert batch.rows(0, 3) is None


def test_a_sequence_that_moved_to_other_blocks_makes_it_wrong() -> None:
    batch = Batch()
    batch.sequences[0].blocks = [8, 9]
    assert batch.rows(0) is None


def test_dice_that_were_thrown_in_between_make_it_wrong() -> None:
    batch = Batch()
    batch.states[0].accept(3)
    assert batch.rows(0) is None


@pytest.mark.parametrize(
    "params",
    [
        replace(PLAIN, repetition_penalty=1.1),
        replace(PLAIN, logit_bias={3: 1.0}),
        replace(PLAIN, logprobs=0),
        replace(PLAIN, top_k=0, top_p=1.0),
    ],
)
def test_nothing_is_guessed_where_a_choice_needs_the_host(params: SamplingParams) -> None:
    states = [SamplingState(params, (), (), 100)]
    assert guess([Slice(Sequence([1], 0, blocks=[0]), 0, 1)], states, SIZE) is None


def test_nothing_is_guessed_where_all_replies_are_at_their_end() -> None:
    slices = [Slice(Sequence([1], n, blocks=[n]), 0, 1) for n in range(2)]
    limits = [replace(PLAIN, max_new_tokens=limit) for limit in (1, 2)]
    ending, lasting = (SamplingState(params, (), (), 100) for params in limits)
    assert guess(slices, [ending, ending], SIZE) is None
    assert guess(slices, [ending, lasting], SIZE) is not None


def test_nothing_is_guessed_where_the_next_token_has_no_block() -> None:
    states = [SamplingState(PLAIN, (), (), 100)]
    full = Sequence(list(range(SIZE)), 0, blocks=[0])
    assert guess([Slice(full, SIZE - 1, SIZE)], states, SIZE) is None


def test_the_scheduler_keeps_a_block_ahead_if_nobody_lacks_it() -> None:
    pool = BlockPool(4, SIZE)
    scheduler = Scheduler(pool, max_batch=2, prefill_chunk=64, ahead=1)
    sequence = Sequence(list(range(SIZE)), 0)
    scheduler.add(sequence)
    scheduler.commit(scheduler.plan())
    scheduler.plan()
    assert len(sequence.blocks) == 2
    scheduler.remove(sequence)
    assert pool.available == 4


PARAMS = st.builds(
    SamplingParams,
    temperature=st.sampled_from((0.0, 0.3, 1.0, 2.0)),
    top_k=st.sampled_from((0, 1, 7, 40)),
    top_p=st.sampled_from((0.1, 0.9, 0.99)),
    min_p=st.sampled_from((0.0, 0.1)),
    seed=st.integers(0, 1000),
)


@given(params=st.lists(PARAMS, min_size=1, max_size=5), seed=st.integers(0, 1000))
def test_a_captured_choice_is_the_samplers(params: list[SamplingParams], seed: int) -> None:
    logits = 3 * torch.randn(len(params), 600, generator=torch.Generator().manual_seed(seed))
    states = [SamplingState(each, (), (), 600) for each in params]
    expected: list[Any] = Sampler(600, "cpu").sample(logits, states)
    found = draw(logits, drawing_settings(states)).tolist()
    assert all(a in (b.token, SHORT) for a, b in zip(found, expected, strict=True))
    assert Sampler(600, "cpu").finish(found, logits, states) == expected


def test_a_choice_with_more_wishes_is_finished_on_the_host() -> None:
    logits = torch.tensor([[0.0, 3.0, 2.0], [0.0, 3.0, 2.0]])
    states = [
        SamplingState(SamplingParams(temperature=0), (), (), 3),
        SamplingState(SamplingParams(temperature=0, logit_bias={2: 9.0}), (), (), 3),
    ]
    results: list[Any] = Sampler(3, "cpu").finish([1, 1], logits, states)
    assert [each.token for each in results] == [1, 2]
