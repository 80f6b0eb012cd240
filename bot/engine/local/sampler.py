"""Chooses the next token of every sequence of a batch at once.

A row's outcome depends on that row alone: one uniform number from its own dice, looked up in the
cumulative distribution of its candidates. Greedy rows pay for one argmax; nothing is sorted where
neither top_k nor top_p asks for it, and otherwise the few likeliest are tried first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bot.engine.local.adjustments import adjusted
from bot.engine.local.candidates import (
    SMALLEST,
    Likeliest,
    Share,
    among_all,
    among_likeliest,
    largest_share,
    likeliest,
    needs_order,
    settings_of,
)
from bot.engine.local.sampling import SamplingState, TokenLogprob
from bot.errors import RequestFailed

WIDTHS = (256, 4096)
"""How many of the likeliest are tried before the whole vocabulary is sorted."""

ROWS_AT_ONCE = 8
"""On a CPU, where more rows no longer fit its caches."""

FAILED, SHORT = -1, -2
"""In place of a token: the row has no finite maximum; it may have more candidates."""

BELOW_ONE = 1 - 2.0**-23
"""The largest share of a float32 sum that is sure to be below it."""


@dataclass(frozen=True, slots=True)
class Sampled:
    token: int
    logprob: TokenLogprob | None = None


Draw = Callable[[Tensor, Sequence[SamplingState], int], Tensor]
"""Of scores [b, V], from a number of candidates: tokens [b, 1], or FAILED or SHORT."""


class Sampler:
    """Works on `device`, where the logits are best computed too."""

    def __init__(self, vocab_size: int, device: torch.device | str):
        self._vocab_size, self._device = vocab_size, torch.device(device)

    def finish(
        self, tokens: Sequence[int], logits: Tensor, states: Sequence[SamplingState]
    ) -> list[Sampled | RequestFailed]:
        """Where a step has drawn `tokens` itself: only rows that need more than `draw` does, and
        those that came SHORT, are sampled from `logits`."""
        done = dict(enumerate(tokens))
        rows = [row for row, state in enumerate(states)
                if done[row] == SHORT or not is_plain(state)]  # fmt: skip
        results = [Sampled(token) if token >= 0 else _no_choice() for token in tokens]
        if rows:
            again = self.sample(_rows_of(logits, rows), [states[row] for row in rows])
            for row, result in zip(rows, again, strict=True):
                results[row] = result
        return results

    def sample(
        self, logits: Tensor, states: Sequence[SamplingState]
    ) -> list[Sampled | RequestFailed]:
        """One outcome a row of `logits` [B, V], which stay as they are. A row with a NaN, or with
        nothing that may be chosen, fails alone."""
        logits = logits[:, : self._vocab_size].to(self._device)
        rows = ROWS_AT_ONCE if self._device.type == "cpu" else max(1, len(states))
        parts = (slice(start, start + rows) for start in range(0, len(states), rows))
        return [result for part in parts for result in _sample(logits[part], states[part])]


def drawing_settings(states: Sequence[SamplingState], *, ahead: bool = False) -> Tensor:
    """What `draw` needs of each row: [5, B] on the host. `ahead` is for the next token but one."""
    dice = [[min(state.next_uniform if ahead else state.uniform, BELOW_ONE) for state in states]]
    settings = torch.cat([settings_of(states), torch.tensor(dice)])
    greedy = [state.params.temperature == 0 for state in states]
    settings[0, greedy] = 0.0
    return settings


def draw(scores: Tensor, settings: Tensor, share: Share = largest_share) -> Tensor:
    """Scores [B, V] → tokens [B], FAILED or SHORT, as `_choose` does for rows without changes of
    scores. Asks the host nothing, so that a step on a GPU can be captured with its choice."""
    temperature, uniform = settings[0, :, None], settings[4, :, None]
    limits = torch.cat([settings[:1].clamp(min=SMALLEST), settings[1:4]])
    found = _among(likeliest(scores, limits, WIDTHS[0], share), uniform)
    return found.where(temperature > 0, _greedy(scores, (), 0))[:, 0]


def is_plain(state: SamplingState) -> bool:
    """Whether `draw` does all that the state asks for."""
    params = state.params
    barred = state.eos_is_barred and state.eos_ids
    changed = state.seen is not None or params.logit_bias or barred
    ordered = params.temperature == 0 or needs_order(state)
    return ordered and not changed and params.logprobs is None


def _sample(logits: Tensor, states: Sequence[SamplingState]) -> list[Sampled | RequestFailed]:
    tokens = _choose(adjusted(logits, states), states)
    logprobs = _logprobs(logits, tokens, states)
    return [
        Sampled(token, logprobs.get(row)) if token >= 0 else _no_choice()
        for row, token in enumerate(tokens)
    ]


def _choose(scores: Tensor, states: Sequence[SamplingState]) -> list[int]:
    """Groups the rows by what they need; one transfer brings all tokens to the host, and only
    rows that came SHORT take part in another."""
    chosen = dict.fromkeys(range(len(states)), SHORT)
    for width in (*WIDTHS, scores.shape[-1]):
        groups: defaultdict[Draw, list[int]] = defaultdict(list)
        for row in (row for row, token in chosen.items() if token == SHORT):
            groups[_way(states[row])].append(row)
        if not groups:
            break
        parts = [
            draw(_rows_of(scores, rows), [states[row] for row in rows], width)
            for draw, rows in groups.items()
        ]
        order = [row for rows in groups.values() for row in rows]
        chosen.update(zip(order, torch.cat(parts).flatten().tolist(), strict=True))
    return list(chosen.values())


def _way(state: SamplingState) -> Draw:
    if state.params.temperature == 0:
        return _greedy
    return _from_likeliest if needs_order(state) else _from_all


def _greedy(scores: Tensor, states: Sequence[SamplingState], width: int) -> Tensor:
    tokens = scores.argmax(-1, keepdim=True)
    return tokens.where(scores.gather(-1, tokens).isfinite(), FAILED)


def _from_all(scores: Tensor, states: Sequence[SamplingState], width: int) -> Tensor:
    return _drawn(among_all(scores, states), _uniform(states))


def _from_likeliest(scores: Tensor, states: Sequence[SamplingState], width: int) -> Tensor:
    return _among(among_likeliest(scores, states, width), _uniform(states))


def _among(candidates: Likeliest, uniform: Tensor) -> Tensor:
    place = _drawn(candidates.weights, uniform)
    tokens = candidates.ids.gather(-1, place.clamp(min=0)).where(candidates.enough, SHORT)
    return tokens.where(place >= 0, FAILED)


def _uniform(states: Sequence[SamplingState]) -> Tensor:
    """[b, 1] on the host."""
    return torch.tensor([[min(state.uniform, BELOW_ONE)] for state in states])


def _drawn(weights: Tensor, uniform: Tensor) -> Tensor:
    """The first place [b, 1] at which the sum of `weights` [b, n] so far exceeds the share
    `uniform` [b, 1] of the whole; FAILED where there is no weight."""
    sums = weights.cumsum(-1)
    total = sums[:, -1:]
    share = total * uniform.to(sums)
    place = torch.searchsorted(sums, share, right=True).clamp_(max=sums.shape[-1] - 1)
    return place.where(total > 0, FAILED)


def _rows_of(scores: Tensor, rows: Sequence[int]) -> Tensor:
    if len(rows) == len(scores):
        return scores
    return scores[torch.tensor(rows, device=scores.device)]


def _logprobs(
    logits: Tensor, tokens: Sequence[int], states: Sequence[SamplingState]
) -> dict[int, TokenLogprob]:
    """By row, of those that ask for them and have a token."""
    rows = [
        row
        for row, state in enumerate(states)
        if state.params.logprobs is not None and tokens[row] >= 0
    ]
    if not rows:
        return {}
    logprobs = _rows_of(logits, rows).float().log_softmax(-1)
    most = max(states[row].params.logprobs or 0 for row in rows)
    top = logprobs.topk(min(most, logprobs.shape[-1]))
    chosen = torch.tensor([[tokens[row]] for row in rows], device=logits.device)
    values = torch.cat([logprobs.gather(-1, chosen), top.values], -1).tolist()
    ranked = [
        tuple(zip(ids, ranks, strict=True))
        for ids, (_, *ranks) in zip(top.indices.tolist(), values, strict=True)
    ]
    return {
        row: TokenLogprob(tokens[row], own, best[: states[row].params.logprobs])
        for row, (own, *_), best in zip(rows, values, ranked, strict=True)
    }


def _no_choice() -> RequestFailed:
    return RequestFailed(
        "The model's numbers went wrong (no token has a finite score): ask again, and if it "
        "recurs, load the model in another precision."
    )
