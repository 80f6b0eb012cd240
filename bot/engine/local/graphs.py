"""Decode steps as CUDA graphs: captured once for some sizes of batch, then replayed.

A step launches hundreds of kernels, and Python needs longer to launch them than the card to run
them. A graph is launched as a whole, the choice of tokens included. While the host looks at what
a step gave, the card already computes the one that most likely follows (see lookahead.py). Short
prompts are captured too (see prompt_graphs.py), steps with longer ones launched.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from bot.engine.local.attention import Step
from bot.engine.local.config import KvDtype
from bot.engine.local.forward import Forward
from bot.engine.local.graph_inputs import POSITION, TABLE, TOKEN, Inputs
from bot.engine.local.kernels.rows import largest_share
from bot.engine.local.kernels.step import decode_step, prompt_step
from bot.engine.local.kernels.tiles import power_of_2, tile_width
from bot.engine.local.kvcache import KVCache
from bot.engine.local.lookahead import Guess, guess
from bot.engine.local.progress import Progress
from bot.engine.local.prompt_graphs import PromptGraphs
from bot.engine.local.runner import Drawn, PagedRunner
from bot.engine.local.sampler import draw, drawing_settings
from bot.engine.local.sampling import SamplingState
from bot.engine.local.sequence import Slice

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SIZES = (1, 2, 4, 8, 16, 24, 32, 48, 64)


@dataclass(frozen=True, slots=True)
class Captured:
    graph: torch.cuda.CUDAGraph
    logits: torch.Tensor
    tokens: torch.Tensor


class Launched:
    """A step that was sent to the card. What it gives is copied away, since the next one
    overwrites it."""

    def __init__(self, captured: Captured, logits: torch.Tensor, tokens: torch.Tensor) -> None:
        captured.graph.replay()
        self.chosen = captured.tokens
        self._logits, self._tokens = logits[: len(captured.logits)], tokens[: len(captured.tokens)]
        self._logits.copy_(captured.logits)
        self._tokens.copy_(captured.tokens, non_blocking=True)
        event: Any = torch.cuda.Event
        self._done = event()
        self._done.record(torch.cuda.current_stream())

    def wait(self, rows: Many[int]) -> Drawn:
        self._done.synchronize()
        tokens = self._tokens.tolist()
        logits = self._logits[: len(rows)]
        if list(rows) != list(range(len(rows))):
            logits = self._logits[torch.tensor(rows, device=self._logits.device)]
        return Drawn(logits, [tokens[row] for row in rows])


class GraphRunner(PagedRunner):
    """Raises NotPaged."""

    looks_ahead = True

    def __init__(
        self, model: PreTrainedModel, device: torch.device, *, blocks: int, block_size: int,
        kv_dtype: KvDtype, forward: Forward | None, max_batch: int, context_window: int,
        progress: Progress,
    ) -> None:  # fmt: skip
        super().__init__(
            model, device, blocks=blocks, block_size=block_size, kv_dtype=kv_dtype, forward=forward
        )
        self._vocabulary = model.config.get_text_config().vocab_size
        sizes = _sizes(max_batch)
        most = min(blocks, -(-context_window // block_size)) + 1
        self._inputs = Inputs(sizes[-1], most, self.cache.padding_block, device)
        self._captured: dict[int, Captured] = {}
        for done, size in enumerate(reversed(sizes)):
            progress("capturing decode steps", done / len(sizes))
            self._captured[size] = self._capture(size)
        progress("capturing decode steps", 1.0)
        largest = self._captured[sizes[-1]]
        self._width = _tile_width(model, self.cache)
        self._prompts = PromptGraphs(self.cache, most, self._width, device)
        with torch.inference_mode():
            for share in self._prompts.capture(self.forward, largest.graph.pool()):
                progress("capturing prompts", share)
        self._places = [(torch.empty_like(largest.logits), torch.empty_like(
            largest.tokens, device="cpu").pin_memory()) for _ in range(2)]  # fmt: skip
        self._ahead: tuple[Launched, Guess] | None = None

    @torch.inference_mode()
    def run(self, slices: Many[Slice]) -> torch.Tensor:
        self._ahead = None
        return super().run(slices)

    def _compute(self, packed: Many[Slice], rows: Many[int]) -> torch.Tensor:
        graph = self._prompts.holding(packed)
        return graph.run(packed, rows) if graph else super()._compute(packed, rows)

    def _step(self, packed: Many[Slice]) -> Step:
        return prompt_step(self.cache, packed, self._width, self._device)

    @torch.inference_mode()
    def draw(self, slices: Many[Slice], states: Many[SamplingState]) -> Drawn | None:
        captured = self.captured(len(slices))
        if captured is None or any(each.count > 1 or not each.samples for each in slices):
            return None
        ahead, self._ahead = self._ahead, None
        rows = ahead[1].rows(slices, states) if ahead else None
        if ahead is None or rows is None:
            settings = drawing_settings(states)
            tokens = [each.sequence.tokens[each.start] for each in slices]
            self._inputs.fill(len(captured.tokens), slices, settings, tokens)
            launched, rows = self._launch(captured), list(range(len(slices)))
        else:
            launched = ahead[0]
        following = guess(slices, states, self.cache.block_size)
        if following is not None:
            self._inputs.follow(
                len(captured.tokens), following.slices, drawing_settings(states, ahead=True),
                launched.chosen, rows,
            )  # fmt: skip
            self._ahead = (self._launch(captured), following)
        drawn = launched.wait(rows)
        if following is not None:
            following.expected = drawn.tokens
        return drawn

    def captured(self, sequences: int) -> Captured | None:
        """The smallest that holds so many."""
        fitting = [size for size in self._captured if size >= sequences]
        return self._captured[min(fitting)] if fitting else None

    def _launch(self, captured: Captured) -> Launched:
        self._places = self._places[::-1]
        return Launched(captured, *self._places[0])

    @torch.inference_mode()
    def _capture(self, size: int) -> Captured:
        """The largest size comes first, and the others share its memory."""
        self._decode(size)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        first = next(iter(self._captured.values()), None)
        with torch.cuda.graph(graph, pool=first.graph.pool() if first else None):
            logits, tokens = self._decode(size)
        return Captured(graph, logits, tokens)

    def _decode(self, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        numbers = self._inputs.numbers[:size]
        positions = numbers[:, POSITION].long()
        step = decode_step(self.cache, numbers[:, TABLE:], positions)
        logits = self.forward(numbers[:, TOKEN].long(), positions, step, None)
        settings = self._inputs.settings[:, :size]
        return logits, draw(logits[:, : self._vocabulary], settings, largest_share)


def _sizes(max_batch: int) -> list[int]:
    """Up to the one that holds a full batch, or to the largest."""
    full = next((size for size in SIZES if size >= max_batch), SIZES[-1])
    return [size for size in SIZES if size <= full]


def _tile_width(model: PreTrainedModel, cache: KVCache) -> int:
    heads, size = model.config.get_text_config().num_attention_heads, model.dtype.itemsize
    shapes = [keys.shape for keys in cache.keys.values()]
    return min(tile_width(heads, kv, power_of_2(dim) * size) for _, _, kv, dim in shapes)
