"""Which runner serves a model: the fastest one that can and does agree with transformers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from importlib.util import find_spec
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

import structlog
import torch

from bot.engine.local.attention import NotPaged
from bot.engine.local.blocks import BlockPool
from bot.engine.local.config import KvDtype
from bot.engine.local.faults import release_memory
from bot.engine.local.kv_int8 import rounding
from bot.engine.local.llama import FAMILIES, LlamaForward
from bot.engine.local.plain import PlainRunner
from bot.engine.local.progress import Progress, silent
from bot.engine.local.runner import PagedRunner, Runner
from bot.engine.local.sampling import SamplingState
from bot.engine.local.scheduler import Scheduler
from bot.engine.local.sequence import Sequence
from bot.types import SamplingParams

if TYPE_CHECKING:
    from bot.engine.local.loaded import LoadedModel

log = structlog.get_logger(__name__)

ATTENTION_LAYERS = {"full_attention", "sliding_attention"}

ROTARY_BY_LENGTH = {"dynamic", "longrope"}
"""Rotary embeddings that change with the longest sequence of a call: packed together with a long
neighbour, a short sequence would be computed otherwise than alone."""

ROUNDING = {torch.float32: 1e-3, torch.float16: 2e-2, torch.bfloat16: 8e-2}
"""‖difference‖ / ‖logits‖ that is always granted to a type's rounding."""

GRANTED = 3.0
"""How much further from transformers the paged way may be than transformers is from itself."""

GREEDY = SamplingState(SamplingParams(temperature=0), (), (), 1)

PROVEN_CHUNK = 144
"""Tokens of a prompt's steps on a GPU: the first ones are too large to be captured, the last is
not."""

WRONG = 0.4
"""Wrong attention gives some 0.5 and up; so much is never granted."""


class Build(Protocol):
    def __call__(
        self, model: Any, device: torch.device, *, blocks: int, block_size: int, kv_dtype: KvDtype
    ) -> PagedRunner: ...


def choose(
    loaded: LoadedModel, *, block_size: int, max_batch: int = 64, progress: Progress = silent
) -> Runner:
    """Says in the log which one it is, and why. Leaves the model's attention as that one needs."""
    before = loaded.model.config._attn_implementation
    try:
        runner = _paged(loaded, block_size, max_batch, progress)
    except NotPaged as reason:
        loaded.model.set_attn_implementation(before)
        log.warning("served one sequence after another, without paging", reason=str(reason))
        return PlainRunner(loaded.model, loaded.device)
    log.info(
        "served in batches over a paged KV cache",
        tokens=loaded.kv_tokens,
        kv_dtype=loaded.kv_dtype,
        runner=type(runner).__name__,
    )
    return runner


def _paged(loaded: LoadedModel, block_size: int, max_batch: int, progress: Progress) -> PagedRunner:
    config = loaded.model.config.get_text_config()
    require_attention_layers(config)
    blocks = loaded.kv_tokens // block_size
    chunk = max(block_size, PROVEN_CHUNK if loaded.device.type == "cuda" else 0)
    length = min(2 * chunk + 5, blocks * block_size // 2)
    tokens = [(7919 * n + 13) % config.vocab_size for n in range(length)]
    expected, tolerance = _wanted(loaded, tokens)

    def proven(build: Build) -> PagedRunner:
        runner = build(
            loaded.model, loaded.device,
            blocks=blocks, block_size=block_size, kv_dtype=loaded.kv_dtype,
        )  # fmt: skip
        error = _distance(_computed(runner, tokens, chunk), expected)
        if not error <= tolerance:
            raise NotPaged(
                f"its logits are off by {error:.1%} when paged, {tolerance:.1%} is granted"
            )
        log.info(
            "proven against transformers",
            runner=type(runner).__name__,
            layers=type(runner.forward).__name__,
            error=f"{error:.2%}",
        )
        return runner

    for build in _builds(loaded, max_batch, progress):
        try:
            return proven(build)
        except (
            Exception
        ) as reason:  # a compiler's, a driver's: whatever it is, there is another way
            log.warning("a faster way to compute is left aside", reason=repr(reason))
        release_memory()
    return proven(PagedRunner)


def _builds(loaded: LoadedModel, max_batch: int, progress: Progress) -> Iterator[Build]:
    """What may be faster than the model as it is, the fastest first."""
    tensors = chain(loaded.model.parameters(), loaded.model.buffers())
    if any(tensor.device != loaded.device for tensor in tensors):
        return
    if loaded.device.type == "cuda" and find_spec("triton") is not None:
        yield from _builds_on_gpu(loaded, max_batch, progress)
    if type(loaded.model).__name__ in FAMILIES:
        yield lambda model, device, **sizes: PagedRunner(
            model, device, forward=LlamaForward(model), **sizes
        )


def _builds_on_gpu(loaded: LoadedModel, max_batch: int, progress: Progress) -> Iterator[Build]:
    """Fused layers in graphs, then the model as it is in graphs."""
    from bot.engine.local.graphs import GraphRunner
    from bot.engine.local.kernels.decoder import FusedForward

    graphs = partial(
        GraphRunner, max_batch=max_batch, context_window=loaded.context_window, progress=progress
    )
    if type(loaded.model).__name__ in FAMILIES:
        yield lambda model, device, **sizes: graphs(
            model, device, forward=FusedForward(model), **sizes
        )
    yield partial(graphs, forward=None)


def require_attention_layers(config: Any) -> None:
    """Raises NotPaged where packing sequences would change what is computed."""
    other = set(getattr(config, "layer_types", None) or ()) - ATTENTION_LAYERS
    if other:
        raise NotPaged(f"it has layers of type {', '.join(sorted(other))}")
    rope = getattr(config, "rope_parameters", None) or {}
    kinds = {rope.get("rope_type"), *(r.get("rope_type") for r in rope.values() if _is_map(r))}
    if kinds & ROTARY_BY_LENGTH:
        raise NotPaged("its rotary embedding depends on the length of the longest sequence")


def _is_map(value: object) -> bool:
    return isinstance(value, dict)


def _wanted(loaded: LoadedModel, tokens: list[int]) -> tuple[torch.Tensor, float]:
    """Logits of the last three tokens, and how far from them the paged way may be. With int8 keys
    and values these are rounded here, too: where one of them is rounded the other way, because
    it came out of another sum, that does no more than the rounding itself."""
    plain = expected = _reference(loaded, tokens)
    with rounding(loaded.model) if loaded.kv_dtype == "int8" else nullcontext():
        if loaded.kv_dtype == "int8":
            expected = _reference(loaded, tokens)
        noise = _distance(_by_cache(loaded, tokens), expected)
    granted = (ROUNDING.get(expected.dtype, 0.0), GRANTED * noise, _distance(expected, plain))
    return expected, min(max(granted), WRONG)


@torch.inference_mode()
def _reference(loaded: LoadedModel, tokens: list[int]) -> torch.Tensor:
    """By transformers alone: logits [3, vocabulary] of the last three tokens."""
    ids = torch.tensor([tokens], device=loaded.device)
    logits: torch.Tensor = loaded.model(input_ids=ids, use_cache=False).logits[0, -3:]
    return logits.clone()


@torch.inference_mode()
def _by_cache(loaded: LoadedModel, tokens: list[int]) -> torch.Tensor:
    """The same by transformers with its own cache: other shapes, so other kernels and roundings,
    which quantised weights and activations enlarge."""
    ids = torch.tensor([tokens], device=loaded.device)
    step = loaded.model(input_ids=ids[:, :-2], use_cache=True)
    rows = [step.logits[0, -1]]
    for token in (ids[:, -2:-1], ids[:, -1:]):
        step = loaded.model(input_ids=token, past_key_values=step.past_key_values, use_cache=True)
        rows.append(step.logits[0, -1])
    return torch.stack(rows)


def _computed(runner: PagedRunner, tokens: list[int], chunk: int) -> torch.Tensor:
    """The same by paging: the prompt in pieces, the rest token by token, beside a neighbour."""
    pool = BlockPool(runner.cache.blocks, runner.cache.block_size)
    scheduler = Scheduler(pool, max_batch=2, prefill_chunk=chunk)
    subject, neighbour = Sequence(tokens[:-2], 0), Sequence(tokens[len(tokens) // 2 :], 1)
    scheduler.add(subject)
    scheduler.add(neighbour)
    rows: list[torch.Tensor] = []
    while len(rows) < 3:
        slices = scheduler.plan()
        states = [GREEDY for each in slices if each.samples]
        drawn = runner.draw(slices, states)
        logits = runner.run(slices) if drawn is None else drawn.logits.clone()
        scheduler.commit(slices)
        for row, each in zip(logits, (each for each in slices if each.samples), strict=True):
            each.sequence.tokens.append(tokens[min(len(each.sequence.tokens), len(tokens) - 1)])
            rows += [row] if each.sequence is subject else []
    return torch.stack(rows)


def _distance(computed: torch.Tensor, expected: torch.Tensor) -> float:
    """‖difference‖ / ‖expected‖"""
    expected = expected.to(computed.device)
    return float((computed - expected).float().norm() / expected.float().norm())
