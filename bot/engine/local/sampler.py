"""Chooses the next token of every sequence of a batch at once.

The order is that of transformers' processors: bias, penalties, barred end, temperature, top_k,
top_p, min_p; so are the distributions, except where a nucleus would end between equals.

A row's outcome depends on that row alone: one uniform number from its own dice, looked up in the
cumulative distribution of its candidates. Candidates are the likeliest WIDTHS[0] tokens, and only
where top_k or top_p may reach further are more sorted. Greedy rows pay for one argmax.

Sums run by `cumsum` and `softmax`, never by `sum`, which splits a row among threads differently
for another number of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bot.engine.local.adjustments import adjusted
from bot.engine.local.sampling import SamplingState, TokenLogprob
from bot.errors import RequestFailed

WIDTHS = (256, 4096)
"""How many candidates are tried before the whole vocabulary is sorted."""

Way = Callable[[Tensor, Sequence[SamplingState], int], Tensor]

FAILED, SHORT = -1, -2
"""In place of a token: the row has no finite maximum; more candidates are needed."""

SMALLEST = torch.finfo(torch.float32).tiny
BELOW_ONE = 1 - 2.0**-23
"""The least temperature, and the largest share of a float32 sum that is sure to be below it."""


@dataclass(frozen=True, slots=True)
class Sampled:
    token: int
    logprob: TokenLogprob | None = None


class Sampler:
    def __init__(self, vocab_size: int, device: torch.device | str):
        self._vocab_size, self._device = vocab_size, torch.device(device)

    def sample(
        self, logits: Tensor, states: Sequence[SamplingState]
    ) -> list[Sampled | RequestFailed]:
        """One outcome a row of `logits` [B, V], which stay as they are. A row with a NaN, or with
        nothing that may be chosen, fails alone."""
        logits = logits[:, : self._vocab_size]
        tokens = self._choose(adjusted(logits, states), states)
        logprobs = _logprobs(logits, tokens, states)
        return [
            Sampled(token, logprobs.get(row)) if token >= 0 else _no_choice()
            for row, token in enumerate(tokens)
        ]

    def _choose(self, scores: Tensor, states: Sequence[SamplingState]) -> list[int]:
        """Groups the rows by what they need; one transfer brings all tokens to the host, and
        only rows whose candidates were SHORT take part in another."""
        rows: dict[Way, list[int]] = {}
        for row, state in enumerate(states):
            rows.setdefault(_way(state), []).append(row)
        tokens = [SHORT] * len(states)
        for width in (*WIDTHS, self._vocab_size):
            parts = [
                choose(_rows_of(scores, some), [states[row] for row in some], width)
                for choose, some in rows.items()
            ]
            order = [row for some in rows.values() for row in some]
            for row, token in zip(order, torch.cat(parts).tolist(), strict=True):
                tokens[row] = token
            short = [row for row in order if tokens[row] == SHORT]
            if not short:
                break
            rows = {_from_likeliest: short}
        return tokens


def _way(state: SamplingState) -> Way:
    if state.params.temperature == 0:
        return _greedy
    return _from_likeliest if state.top_k or state.params.top_p < 1 else _from_all


def _greedy(scores: Tensor, states: Sequence[SamplingState], width: int) -> Tensor:
    tokens = scores.argmax(-1, keepdim=True)
    return tokens.where(scores.gather(-1, tokens).isfinite(), FAILED).squeeze(-1)


def _from_all(scores: Tensor, states: Sequence[SamplingState], width: int) -> Tensor:
    """Where neither top_k nor top_p asks for an order."""
    temperature, _, _, min_p, uniform = _settings(states, scores.device)
    highest = scores.amax(-1, keepdim=True)
    weights = ((scores - highest) / temperature).exp_()
    place = _draw(weights.where(weights >= min_p, 0), uniform)
    return place.where(highest.isfinite(), FAILED).squeeze(-1)


def _from_likeliest(scores: Tensor, states: Sequence[SamplingState], width: int) -> Tensor:
    """Among the `width` likeliest, or SHORT where those may not be all that the row allows."""
    temperature, top_k, top_p, min_p, uniform = _settings(states, scores.device)
    values, ids = scores.topk(min(width, scores.shape[-1]))
    highest, lowest = values[:, :1], values[:, -1:]
    complete = (values.shape[-1] == scores.shape[-1]) | lowest.isneginf()

    limited = top_k > 0
    kth = values.gather(-1, top_k.long().clamp(1, values.shape[-1]) - 1)
    weights = ((values - highest) / temperature).exp_()
    weights = weights.where(~limited | (values >= kth), 0)  # equals of the kth stay, as there

    sums = weights.cumsum(-1)
    total = sums[:, -1:]
    if not all(state.top_k for state in states):
        likeliest = ((scores - highest) / temperature).softmax(-1).gather(-1, ids[:, :1])
        total = total.where(limited | complete, 1 / likeliest)
    nucleus = top_p * total
    enough = complete | torch.where(limited, kth > lowest, sums[:, -1:] >= nucleus)

    inside = (sums - weights < nucleus) & (weights >= min_p)
    inside[:, 0] = True
    place = _draw(weights.where(inside, 0), uniform)
    tokens = ids.gather(-1, place).where(enough, SHORT)
    return tokens.where(highest.isfinite(), FAILED).squeeze(-1)


def _draw(weights: Tensor, uniform: Tensor) -> Tensor:
    """The first place at which the sum so far exceeds the share `uniform` of the whole. [B, 1]"""
    sums = weights.cumsum(-1)
    place = torch.searchsorted(sums, sums[:, -1:] * uniform, right=True)
    return place.clamp_(max=weights.shape[-1] - 1)


def _settings(states: Sequence[SamplingState], device: torch.device) -> tuple[Tensor, ...]:
    """temperature, top_k, top_p, min_p, uniform: each [B, 1]."""
    params = [state.params for state in states]
    table = [
        [max(each.temperature, SMALLEST) for each in params],
        [state.top_k for state in states],
        [each.top_p for each in params],
        [each.min_p for each in params],
        [min(state.uniform, BELOW_ONE) for state in states],
    ]
    return torch.tensor(table, dtype=torch.float32).to(device).unsqueeze(-1).unbind()


def _rows_of(scores: Tensor, rows: Sequence[int]) -> Tensor:
    if len(rows) == len(scores):
        return scores
    return scores[torch.tensor(rows, device=scores.device)]


def _logprobs(
    logits: Tensor, tokens: Sequence[int], states: Sequence[SamplingState]
) -> dict[int, TokenLogprob]:
    """By row, of those that ask for them."""
    rows = [row for row, state in enumerate(states) if _wants_logprob(state) and tokens[row] >= 0]
    if not rows:
        return {}
    logprobs = _rows_of(logits, rows).float().log_softmax(-1)
    chosen = torch.tensor([[tokens[row]] for row in rows], device=logits.device)
    most = max(states[row].params.logprobs or 0 for row in rows)
    top = logprobs.topk(min(most, logprobs.shape[-1]))
    values = torch.cat([logprobs.gather(-1, chosen), top.values], -1).tolist()
    return {
        row: TokenLogprob(
            tokens[row], own, tuple(zip(ids, others, strict=True))[: states[row].params.logprobs]
        )
        for row, ids, (own, *others) in zip(rows, top.indices.tolist(), values, strict=True)
    }


def _wants_logprob(state: SamplingState) -> bool:
    return state.params.logprobs is not None


def _no_choice() -> RequestFailed:
    return RequestFailed(
        "The model's numbers went wrong (no token has a finite score): ask again, and if it "
        "recurs, load the model in another precision."
    )
