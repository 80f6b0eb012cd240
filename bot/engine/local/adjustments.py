"""What changes single scores before the choice: bias, penalties, a barred end.

Sparse: a row is touched only at its own tokens, with all rows' tokens in one flat index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bot.engine.local.sampling import SamplingState


class Change(NamedTuple):
    """At `ids` of `row`: scores above 0 are divided and others multiplied by `factor`, then
    `added` is added; one of each an id."""

    row: int
    ids: NDArray[np.int64]
    factor: NDArray[np.float32]
    added: NDArray[np.float32]


def adjusted(logits: Tensor, states: Sequence[SamplingState]) -> Tensor:
    """Float32 scores [B, V]; `logits` itself where nothing is to change. In the order of
    transformers' processors: bias, then penalties, then the barred end."""
    rounds = [[*_biases(states)], [*_penalties(states)], [*_barred_ends(states)]]
    if not any(rounds):
        return logits.float()
    scores = logits.to(torch.float32, copy=True, memory_format=torch.contiguous_format)
    for changes in filter(None, rounds):
        _apply(scores, changes)
    return scores


def _biases(states: Sequence[SamplingState]) -> Iterator[Change]:
    for row, state in enumerate(states):
        if bias := state.params.logit_bias:
            ids = np.fromiter(bias, np.int64)
            yield Change(row, ids, _ones(ids), np.fromiter(bias.values(), np.float32))


def _penalties(states: Sequence[SamplingState]) -> Iterator[Change]:
    """Repetition holds for prompt and reply, presence and frequency for the reply alone."""
    for row, state in enumerate(states):
        if (seen := state.seen) is not None:
            params = state.params
            minus = params.presence_penalty * (seen.counts > 0)
            minus = minus + params.frequency_penalty * seen.counts
            factor = _ones(seen.ids) * np.float32(params.repetition_penalty)
            yield Change(row, seen.ids, factor, -minus.astype(np.float32))


def _barred_ends(states: Sequence[SamplingState]) -> Iterator[Change]:
    for row, state in enumerate(states):
        if state.eos_is_barred and state.eos_ids:
            ids = np.array(state.eos_ids, np.int64)
            yield Change(row, ids, _ones(ids), np.full(len(ids), -np.inf, np.float32))


def _apply(scores: Tensor, changes: Sequence[Change]) -> None:
    vocab_size, flat = scores.shape[-1], scores.view(-1)
    places = np.concatenate([change.ids + change.row * vocab_size for change in changes])
    amounts = np.stack(
        [
            np.concatenate([change.factor for change in changes]),
            np.concatenate([change.added for change in changes]),
        ]
    )
    where = torch.from_numpy(places).to(scores.device)
    factor, added = torch.from_numpy(amounts).to(scores.device)
    old = flat[where]
    flat[where] = torch.where(old < 0, old * factor, old / factor) + added


def _ones(ids: NDArray[np.int64]) -> NDArray[np.float32]:
    return np.ones(len(ids), np.float32)
