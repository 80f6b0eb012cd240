"""The model as a function of one packed row of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch

from bot.engine.local.attention import STEP, Step

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Forward(Protocol):
    def __call__(
        self, ids: torch.Tensor, positions: torch.Tensor, step: Step, rows: torch.Tensor | None
    ) -> torch.Tensor:
        """ids, positions [T] → logits [len(rows), vocabulary], of all tokens if `rows` is None."""


class TransformersForward:
    """The model as transformers has it, once it attends by `attention.attend`."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model

    def __call__(
        self, ids: torch.Tensor, positions: torch.Tensor, step: Step, rows: torch.Tensor | None
    ) -> torch.Tensor:
        output = self._model(
            input_ids=ids[None],
            position_ids=positions[None],
            use_cache=False,
            logits_to_keep=0 if rows is None else rows,
            **{STEP: step},
        )
        logits: torch.Tensor = output.logits[0]
        return logits
