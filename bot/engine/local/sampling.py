"""What one sequence brings to the sampler: its parameters, its dice, the tokens it has seen.

Lives on the host in NumPy, so that a step costs one transfer however many sequences there are.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from bot.errors import RequestFailed
from bot.types import SamplingParams


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """Under the model's own distribution, before penalties and temperature; natural logarithm."""

    token: int
    logprob: float
    top: tuple[tuple[int, float], ...] = ()


class SeenTokens:
    """The distinct tokens of prompt and reply, with how often each was generated."""

    def __init__(self, prompt: Iterable[int]):
        distinct = np.unique(np.fromiter(prompt, np.int64))
        self._size = len(distinct)
        self._ids = np.concatenate([distinct, np.zeros(64, np.int64)])
        self._counts = np.zeros(len(self._ids), np.float32)
        self._place = {int(token): place for place, token in enumerate(distinct)}

    def add(self, token: int) -> None:
        place = self._place.setdefault(token, self._size)
        if place == self._size:
            self._grow(token)
        self._counts[place] += 1

    @property
    def ids(self) -> NDArray[np.int64]:
        return self._ids[: self._size]

    @property
    def counts(self) -> NDArray[np.float32]:
        return self._counts[: self._size]

    def _grow(self, token: int) -> None:
        if self._size == len(self._ids):
            self._ids = np.concatenate([self._ids, np.zeros_like(self._ids)])
            self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)])
        self._ids[self._size] = token
        self._size += 1


class SamplingState:
    """Changes only by `accept`, so a step that failed can be run again with the same outcome.

    Raises RequestFailed for parameters that mean nothing, or a bias on no token.
    """

    def __init__(
        self,
        params: SamplingParams,
        prompt_ids: Iterable[int],
        eos_ids: Collection[int],
        vocab_size: int,
    ):
        _check(params, vocab_size)
        self.params = params
        self.top_k = params.top_k if params.top_k < vocab_size else 0
        self.eos_ids = tuple(token for token in eos_ids if token < vocab_size)
        self.generated = 0
        self.seen = SeenTokens(prompt_ids) if _penalises(params) else None
        self._dice = Random(params.seed)  # noqa: S311  sampling is no secret
        self.uniform, self.next_uniform = self._dice.random(), self._dice.random()
        """From [0, 1): decides this step's token; and the one that the next will have."""

    @property
    def eos_is_barred(self) -> bool:
        return self.generated < self.params.min_new_tokens

    def accept(self, token: int) -> None:
        """The token that was fed, sampled or forced."""
        self.generated += 1
        self.uniform, self.next_uniform = self.next_uniform, self._dice.random()
        if self.seen is not None:
            self.seen.add(token)


def _penalises(params: SamplingParams) -> bool:
    return bool(
        params.repetition_penalty != 1 or params.presence_penalty or params.frequency_penalty
    )


def _check(params: SamplingParams, vocab_size: int) -> None:
    right = {
        "temperature must be 0 or more": 0 <= params.temperature < math.inf,
        "top_p must be from 0 to 1": 0 <= params.top_p <= 1,
        "top_k must be 0 or more": params.top_k >= 0,
        "min_p must be from 0 to 1": 0 <= params.min_p <= 1,
        "repetition_penalty must be above 0": 0 < params.repetition_penalty < math.inf,
        "presence_penalty must be a number": math.isfinite(params.presence_penalty),
        "frequency_penalty must be a number": math.isfinite(params.frequency_penalty),
        f"logit_bias must name tokens below {vocab_size}": all(
            0 <= token < vocab_size for token in params.logit_bias
        ),
        "logit_bias must hold numbers": not any(map(math.isnan, params.logit_bias.values())),
        "logprobs must be 0 or more": (params.logprobs or 0) >= 0,
    }
    if wrong := [rule for rule, holds in right.items() if not holds]:
        raise RequestFailed("The sampling settings can't be used: {rule}.", rule=wrong[0])
