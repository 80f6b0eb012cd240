"""Which tokens may come next, and how likely: temperature, top_k, top_p and min_p.

The order is that of transformers' processors, and so are the distributions, except where a
nucleus would end between equals.

Sums run by `cumsum` and `softmax`, never by `sum`, which splits a row among threads differently
for another number of rows: what a row gets depends on that row alone. The highest score is taken
off before the temperature divides, so that the least temperature stays finite.

Weights are relative to each other, 0 for what may not come, and 0 or NaN altogether in a row
without a finite maximum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from bot.engine.local.sampling import SamplingState

Share = Callable[[Tensor, Tensor], Tensor]
"""Of scores [B, V] and temperatures [B, 1]: the likeliest token's probability [B, 1]."""

SMALLEST = torch.finfo(torch.float32).tiny


class Likeliest(NamedTuple):
    """`weights` [B, n] of the tokens `ids` [B, n], the likeliest first. A row that isn't
    `enough` [B, 1] may have more candidates than these."""

    weights: Tensor
    ids: Tensor
    enough: Tensor


def needs_order(state: SamplingState) -> bool:
    return state.top_k > 0 or state.params.top_p < 1


def among_all(scores: Tensor, states: Sequence[SamplingState]) -> Tensor:
    """Weights [B, V] for rows of which none needs an order."""
    temperature, _, _, min_p = settings_of(states).to(scores.device).unsqueeze(-1).unbind()
    weights = (scores - scores.amax(-1, keepdim=True)).div_(temperature).exp_()
    return weights.where(weights >= min_p, 0)


def among_likeliest(scores: Tensor, states: Sequence[SamplingState], width: int) -> Likeliest:
    """Sorts no more than the `width` likeliest tokens of a row."""
    settings = settings_of(states).to(scores.device)
    limited = all(state.top_k for state in states)
    return likeliest(scores, settings, width, None if limited else largest_share)


def largest_share(scores: Tensor, temperature: Tensor) -> Tensor:
    """Scores [B, V] → how likely the likeliest token of each row is, [B, 1]."""
    highest = scores.amax(-1, keepdim=True).float()
    return (scores - highest).div_(temperature).softmax(-1).amax(-1, keepdim=True)


def likeliest(scores: Tensor, settings: Tensor, width: int, share: Share | None) -> Likeliest:
    """The same by the `settings` [4, B] themselves; without `share`, each has a top_k."""
    temperature, top_k, top_p, min_p = settings.unsqueeze(-1).unbind()
    values, ids = scores.topk(min(width, scores.shape[-1]))
    values = values.float()
    highest, lowest = values[:, :1], values[:, -1:]
    complete = lowest.isneginf() | (values.shape == scores.shape)
    weights = (values - highest).div_(temperature).exp_()

    has_top_k = top_k > 0
    kth = values.gather(-1, top_k.long().clamp(1, values.shape[-1]) - 1)
    weights = weights.where(~has_top_k | (values >= kth), 0)  # its equals stay, as in transformers
    sums = weights.cumsum(-1)
    nucleus = top_p * sums[:, -1:]
    if share is not None:
        nucleus = nucleus.where(has_top_k | complete, top_p / share(scores, temperature))

    enough = complete | torch.where(has_top_k, kth > lowest, sums[:, -1:] >= nucleus)
    inside = ((sums - weights < nucleus) | (top_p == 1)) & (weights >= min_p)
    inside[:, 0] = True
    return Likeliest(weights.where(inside, 0), ids, enough)


def settings_of(states: Sequence[SamplingState]) -> Tensor:
    """temperature, top_k, top_p, min_p: [4, B] on the host."""
    table = [
        [max(state.params.temperature, SMALLEST) for state in states],
        [state.top_k for state in states],
        [state.params.top_p for state in states],
        [state.params.min_p for state in states],
    ]
    return torch.tensor(table, dtype=torch.float32)
