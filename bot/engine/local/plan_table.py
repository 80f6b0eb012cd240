"""The plan in words: a table for a terminal, JSON for a program, and the refusal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bot.engine.local import plan as plans
from bot.engine.local.config import LocalConfig
from bot.engine.local.hardware import Hardware
from bot.engine.local.plan import Plan
from bot.engine.local.shape import COMPONENTS
from bot.engine.local.sizes import GIB, gib, human
from bot.engine.local.storage import Method, Storage
from bot.errors import ModelTooLarge

LENGTHS = (1_000, 4_000, 16_000)
"""Tokens of a conversation, for the question how many there is room for."""
NF4_BYTES = 0.55
"""Of a parameter in 4 bits with its absmax, and a little for what stays in 16 bits."""


def as_text(plan: Plan, config: LocalConfig, hardware: Hardware) -> str:
    return "\n\n".join(
        (
            _heading(plan, hardware),
            table(_weight_rows(plan, config, hardware)),
            table(_device_rows(plan)),
            "\n".join(_sentences(plan)),
        )
    )


def as_json(plan: Plan, config: LocalConfig, hardware: Hardware) -> dict[str, Any]:
    """Sizes in bytes."""
    return {
        "model": plan.model,
        "parameters": plan.shape.parameters,
        "context_window": plan.shape.context_window,
        "quantize": plan.storage.method,
        "quantize_head": plan.storage.head,
        "dtype": plan.storage.dtype,
        "reason": plan.reason,
        "fits": plan.fits,
        "needed": plan.needed,
        "weights": {
            other.storage.name: {**other.storage.components(plan.shape), "fits": other.fits}
            for other in plans.alternatives(plan, config, hardware)
        },
        "kv_dtype": plan.kv_dtype,
        "kv_bytes_per_token": plan.kv_token_bytes,
        "kv_tokens": plan.kv_tokens,
        "conversations": {str(tokens): plan.conversations(tokens) for tokens in lengths(plan)},
        "offloaded": plan.offloaded,
        "devices": [
            {
                "name": place.device.name,
                "total": place.device.total,
                "budget": place.device.budget,
                "weights": place.weights,
                "step": place.step,
                "cache": place.cache,
            }
            for place in plan.placements
        ],
    }


def too_large(plan: Plan, config: LocalConfig, hardware: Hardware) -> ModelTooLarge:
    """The refusal: what is missing, the table, and the two nearest ways out."""
    first, second = ways_out(plan, config, hardware)[:2]
    return ModelTooLarge(
        f"{plan.model} needs {gib(plan.needed)} as {plan.storage.name}, and there are "
        f"{gib(plan.budget)}: {first}, or {second}.\n\n{as_text(plan, config, hardware)}"
    )


def ways_out(plan: Plan, config: LocalConfig, hardware: Hardware) -> list[str]:
    """The nearest first; the last two are always there."""
    fitting = [o.storage for o in plans.alternatives(plan, config, hardware) if o.fits]
    ways = [f"set {_settings(fitting[0])}, which fits"] if fitting else []
    offloading = config.model_copy(update={"offload": True})
    if not config.offload and plans.make(plan.model, plan.shape, offloading, hardware).fits:
        ways.append("set engine.offload to true, which is slow")
    billions = max(plan.budget * (1 - plans.ROOM_FOR_CONVERSATIONS) / NF4_BYTES / 1e9, 0.1)
    return [
        *ways,
        f"take a model of up to {billions:.1f} billion parameters",
        "run it on another machine and set engine.kind to openai",
    ]


def lengths(plan: Plan) -> list[int]:
    window = plan.shape.context_window
    return [*(tokens for tokens in LENGTHS if tokens < window), window]


def _heading(plan: Plan, hardware: Hardware) -> str:
    return (
        f"{plan.model}: {plan.shape.parameters / 1e9:.2f} billion parameters, "
        f"context {plan.shape.context_window:,} tokens\n{hardware}"
    )


def _settings(storage: Storage) -> str:
    method: Method = storage.method
    return f"engine.quantize to {method}" + (
        " and engine.quantize_head to true" if storage.head else ""
    )


def _weight_rows(plan: Plan, config: LocalConfig, hardware: Hardware) -> Iterable[Sequence[str]]:
    yield "weights", *COMPONENTS, "total", "a step", "KV tokens", "fits"
    for other in plans.alternatives(plan, config, hardware):
        sizes = other.storage.components(plan.shape)
        kept = other.storage
        name = f"in {kept.dtype}" if kept.method == "none" else kept.name
        step = max(place.step for place in other.placements)
        yield (
            name, *(human(sizes[part]) for part in COMPONENTS), human(sum(sizes.values())),
            human(step), f"{other.kv_tokens:,}", "yes" if other.fits else "no",
        )  # fmt: skip


def _device_rows(plan: Plan) -> Iterable[Sequence[str]]:
    yield "device", "may take", "weights", "a step", "KV cache"
    for place in plan.placements:
        sizes = (place.device.budget, place.weights, place.step, place.cache)
        yield place.device.name, *map(human, sizes)


def _sentences(plan: Plan) -> Iterable[str]:
    yield f"quantize: {plan.storage.name}, because {plan.reason}."
    token, name = plan.kv_token_bytes, "KV cache"
    if plan.kv_dtype != plan.storage.dtype:
        name += f" in {plan.kv_dtype}"
    yield f"{name}: {human(token)} a token, {human(1000 * token)} per 1,000 tokens."
    windows = {cache.window for cache in plan.shape.caches if cache.window}
    if windows:
        sliding = sum(cache.window is not None for cache in plan.shape.caches)
        yield (
            f"{sliding} of {len(plan.shape.caches)} layers look back {max(windows):,} tokens only; "
            "the cache keeps all of them."
        )
    rooms = ", ".join(f"{plan.conversations(n):,} of {n:,} tokens" for n in lengths(plan))
    yield f"Conversations at once in {plan.kv_tokens:,} tokens of cache: {rooms}."
    if plan.storage.unpacked(plan.shape) > GIB:
        yield (
            "The quantised head is unpacked for a batch, "
            f"{human(plan.storage.unpacked(plan.shape))} of a step."
        )
    if plan.offloaded:
        yield f"{gib(plan.offloaded)} of the layers go to the CPU's memory."
    if not plan.fits:
        yield f"It does not fit: {gib(plan.needed)} of {gib(plan.budget)}."


def table(rows: Iterable[Sequence[str]]) -> str:
    """Columns in line: the first to the left, the others to the right."""
    lines = list(rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )
