"""Whole steps by the Triton kernels beside the plain way: on a GPU, else in the interpreter."""

from __future__ import annotations

import os
from collections.abc import Sequence as Many
from typing import TYPE_CHECKING, Any

import pytest
import torch

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
if DEVICE.type == "cpu":
    os.environ["TRITON_INTERPRET"] = "1"  # is read when the kernels are first imported
pytest.importorskip("triton")

from bot.engine.local.attention import Step  # noqa: E402
from bot.engine.local.config import KvDtype  # noqa: E402
from bot.engine.local.forward import TransformersForward  # noqa: E402
from bot.engine.local.graphs import GraphRunner  # noqa: E402
from bot.engine.local.kernels.decoder import FusedForward  # noqa: E402
from bot.engine.local.kernels.step import prompt_step  # noqa: E402
from bot.engine.local.llama import FAMILIES  # noqa: E402
from bot.engine.local.progress import silent  # noqa: E402
from bot.engine.local.prompt_graphs import PromptInputs  # noqa: E402
from bot.engine.local.runner import PagedRunner  # noqa: E402
from bot.engine.local.sequence import Sequence, Slice  # noqa: E402
from tests.engine import tiny  # noqa: E402
from tests.engine.conftest import TinyModel  # noqa: E402
from tests.engine.desk import load  # noqa: E402

if TYPE_CHECKING:
    from transformers import PreTrainedModel

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Conversion of an array:DeprecationWarning"),  # Triton's own
]

SIZE, BLOCKS, WIDTH = 16, 64, 8


class Launched(PagedRunner):
    """Every kernel by itself."""

    def _step(self, packed: Many[Slice]) -> Step:
        return prompt_step(self.cache, packed, WIDTH, self._device)


class Laid(PagedRunner):
    """From inputs that lie as those of a captured step."""

    def _compute(self, packed: Many[Slice], rows: Many[int]) -> torch.Tensor:
        inputs = PromptInputs(64, self.cache, 6, WIDTH)
        numbers = torch.full((inputs.length,), 7, dtype=torch.int32)  # of the step before
        inputs.fill(numbers, packed, rows)
        return inputs.compute(numbers.to(self._device), self.forward)[: len(rows)]


def piece(seed: int, start: int, end: int) -> Slice:
    """Of a sequence that ends with it, so that its last token is sampled from; those of one seed
    share their blocks, which lie in no order."""
    tokens = [(n * 37 + seed * 101) % 900 + 3 for n in range(end)]
    blocks = [(5 * n + seed) * 19 % BLOCKS for n in range(-(-end // SIZE))]
    return Slice(Sequence(tokens, seed, blocks=blocks), start, end)


STEPS = [
    [piece(0, 0, 33)],
    [piece(0, 33, 45), piece(1, 0, 9)],
    [piece(1, 9, 13), piece(0, 45, 46)],
]
"""From the start and after some history, a single token beside them, past the sliding window."""


def forward(model: PreTrainedModel) -> Any:
    fused = type(model).__name__ in FAMILIES
    return FusedForward(model) if fused else TransformersForward(model)


@pytest.mark.parametrize("kind", [Launched, Laid])
@pytest.mark.parametrize("family", ["qwen3", "gemma3"])
@pytest.mark.parametrize("kv_dtype", ["auto", "int8"])
def test_logits_are_those_of_the_plain_way(
    family: str, kind: type[PagedRunner], kv_dtype: KvDtype, tiny_model: TinyModel
) -> None:
    model = load(tiny_model(family)).model.to(DEVICE)  # type: ignore[arg-type]
    cache: Any = {"blocks": BLOCKS, "block_size": SIZE, "kv_dtype": kv_dtype}
    plain = PagedRunner(model, DEVICE, **cache)
    ours = kind(model, DEVICE, **cache, forward=forward(model))
    for slices in STEPS:
        close(ours, plain, slices)


@pytest.mark.skipif(DEVICE.type == "cpu", reason="needs a GPU")
@pytest.mark.parametrize("family", tiny.FAMILIES)
@pytest.mark.parametrize("kv_dtype", ["auto", "int8"])
def test_captured_prompts_are_those_of_the_plain_way(
    family: str, kv_dtype: KvDtype, tiny_model: TinyModel
) -> None:
    model = load(tiny_model(family)).model.to(DEVICE)  # type: ignore[arg-type]
    cache: Any = {"blocks": BLOCKS, "block_size": SIZE, "kv_dtype": kv_dtype}
    plain = PagedRunner(model, DEVICE, **cache)
    ours = GraphRunner(
        model, DEVICE, **cache,
        forward=forward(model), max_batch=2, context_window=tiny.CONTEXT, progress=silent,
    )  # fmt: skip
    for slices in (*STEPS, [piece(2, 0, 100)], [piece(2, 100, 190)], [piece(2, 0, 190)]):
        close(ours, plain, slices)


def close(ours: PagedRunner, plain: PagedRunner, slices: list[Slice]) -> None:
    torch.testing.assert_close(ours.run(slices), plain.run(slices), atol=2e-4, rtol=1e-3)
