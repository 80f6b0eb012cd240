"""Which runner serves a model: the paged one if it can and does agree with transformers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
import torch

from bot.engine.local.attention import NotPaged
from bot.engine.local.blocks import BlockPool
from bot.engine.local.plain import PlainRunner
from bot.engine.local.runner import PagedRunner, Runner
from bot.engine.local.scheduler import Scheduler
from bot.engine.local.sequence import Sequence

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

WRONG = 0.4
"""Wrong attention gives some 0.5 and up; so much is never granted."""


def choose(loaded: LoadedModel, *, block_size: int) -> Runner:
    """Says in the log which one it is, and why. Leaves the model's attention as that one needs."""
    before = loaded.model.config._attn_implementation
    try:
        runner = _paged(loaded, block_size)
    except NotPaged as reason:
        loaded.model.set_attn_implementation(before)
        log.warning("served one sequence after another, without paging", reason=str(reason))
        return PlainRunner(loaded.model, loaded.device)
    log.info("served in batches over a paged KV cache", tokens=loaded.kv_tokens)
    return runner


def _paged(loaded: LoadedModel, block_size: int) -> PagedRunner:
    config = loaded.model.config.get_text_config()
    require_attention_layers(config)
    blocks = loaded.kv_tokens // block_size
    length = min(2 * block_size + 5, blocks * block_size // 2)
    tokens = [(7919 * n + 13) % config.vocab_size for n in range(length)]
    expected = _reference(loaded, tokens)
    noise = _distance(_by_cache(loaded, tokens), expected)
    tolerance = min(max(ROUNDING.get(expected.dtype, 0.0), GRANTED * noise), WRONG)
    runner = PagedRunner(loaded.model, loaded.device, blocks=blocks, block_size=block_size)
    error = _distance(_computed(runner, tokens), expected)
    if not error <= tolerance:
        raise NotPaged(f"its logits are off by {error:.1%} when paged, {tolerance:.1%} is granted")
    return runner


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


def _computed(runner: PagedRunner, tokens: list[int]) -> torch.Tensor:
    """The same by paging: the prompt in pieces, the rest token by token, beside a neighbour."""
    size = runner.cache.block_size
    pool = BlockPool(runner.cache.blocks, size)
    scheduler = Scheduler(pool, max_batch=2, prefill_chunk=size)
    subject, neighbour = Sequence(tokens[:-2], 0), Sequence(tokens[len(tokens) // 2 :], 1)
    scheduler.add(subject)
    scheduler.add(neighbour)
    rows: list[torch.Tensor] = []
    while len(rows) < 3:
        slices = scheduler.plan()
        logits = runner.run(slices)
        scheduler.commit(slices)
        for row, each in zip(logits, (each for each in slices if each.samples), strict=True):
            each.sequence.tokens.append(tokens[min(len(each.sequence.tokens), len(tokens) - 1)])
            rows += [row] if each.sequence is subject else []
    return torch.stack(rows)


def _distance(computed: torch.Tensor, expected: torch.Tensor) -> float:
    """‖difference‖ / ‖expected‖"""
    expected = expected.to(computed.device)
    return float((computed - expected).float().norm() / expected.float().norm())
