"""QwQ-32B's shape in NF4 on one GPU: tokens a second beside the limit that its memory sets.

Needs a GPU with 40 GiB; ``--layers 4`` tries the script on a smaller one, ``--kv int8`` keeps keys
and values in 8 bits, ``--kv-tokens 270000`` makes room for a crowd with long contexts.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from statistics import median
from typing import Any

import torch

from bench import qwq
from bench.gpu_engine import loaded, said, text, with_engine
from bench.options import option
from bench.report import Figure, show
from bot.engine.local import LocalEngine
from bot.engine.local.choice import choose
from bot.engine.local.faults import release_memory
from bot.engine.local.graphs import GraphRunner
from bot.engine.local.sampling import SamplingState
from bot.engine.local.sequence import Sequence, Slice
from bot.types import Chunk, SamplingParams

CROWDS = (1, 8, 32, 64)
PROMPT, NEW, ROUNDS = 256, 128, 3
LONG_PROMPT = 4_096
CONTEXTS = (320, 8_000)
"""The first is the middle of a crowd's, from PROMPT to PROMPT + NEW."""
STEPS = 24
ELSEWHERE: dict[str, tuple[Figure, ...]] = {
    "llama.cpp Q4_K_M": (74.4, 270, 1_002, 1_406, 2_490),
    "transformers, NF4": (14.6, 65, 255, 355, 4_600),
    "to reach": (90, 640, 1_900, 2_800, 6_000),
}
"""Measured on one H100 80GB, and what the engine is meant to reach there."""

WARM = SamplingParams(temperature=0.6, top_p=0.95, top_k=40)
"""As QwQ's authors advise."""


def main() -> None:
    if not torch.cuda.is_available():
        print("The kernels' benchmark needs a GPU.")
        return
    layers = int(option("--layers", "64"))
    with torch.inference_mode():
        model = qwq.build(layers)
    copy, weights = bandwidth(), weight_bytes(model)
    facts: dict[str, Figure] = {
        "gpu": torch.cuda.get_device_name(0),
        "torch": torch.__version__,
        "layers": layers,
        "KV cache": option("--kv", "auto"),
        "copy TB/s": copy / 1e12,
        "weights GB": weights / 1e9,
    }
    steps = step_times(model)
    show("decode steps", steps, **facts)
    speeds, prefill = asyncio.run(with_engine(lambda: loaded(model), measure))
    limits = [crowd * copy / weights for crowd in CROWDS]
    rows = [_row("limit by memory", (*limits, None))]
    rows += [_row(name, figures) for name, figures in ELSEWHERE.items()]
    rows.append(_row("chinwag", (*speeds, prefill)))
    rows.append(_row("of the limit, %", [100 * a / b for a, b in zip(speeds, limits, strict=True)]))
    show("output tokens/s of so many conversations at once", rows, **facts)


def bandwidth() -> float:
    """Bytes a second of a copy on the card, read and written."""
    source = torch.empty(2**30, dtype=torch.uint8, device="cuda").random_()
    target = torch.empty_like(source)
    return 2 * source.nbytes / (1e-3 * _milliseconds(lambda: target.copy_(source)))


def weight_bytes(model: Any) -> int:
    """Those that every step reads: all but the embedding."""
    embedding: torch.Tensor = model.get_input_embeddings().weight
    tensors: dict[int, torch.Tensor] = {
        t.data_ptr(): t for t in (*model.parameters(), *model.buffers())
    }
    return sum(tensor.nbytes for tensor in tensors.values()) - embedding.nbytes


def step_times(model: Any) -> list[dict[str, Figure]]:
    """One decode step of so many sequences, its choice of tokens in it, by the card's clock and
    by ours; and how far a long context slows as many as there is room for."""
    with torch.inference_mode():
        runner = choose(loaded(model), block_size=16)
        model.set_attn_implementation("sdpa")  # as the next one expects it
        if not isinstance(runner, GraphRunner):
            return [{"sequences": "no graphs here"}]
        blocks = runner.cache.blocks
        rows = [
            _step(runner, count, context)
            for context in CONTEXTS
            for count in CROWDS
            if count * _blocks(context) <= blocks
        ]
    del runner
    release_memory()  # the engine needs as much again
    return rows


def _step(runner: GraphRunner, count: int, context: int) -> dict[str, Figure]:
    blocks = itertools.count()
    length = _blocks(context)
    sequences = [
        Sequence([7] * context, n, blocks=[next(blocks) for _ in range(length)])
        for n in range(count)
    ]
    states = [SamplingState(WARM, (), (), 152_064) for _ in sequences]
    wall = []
    for at in range(context - 1, context - 1 + STEPS):
        start = time.perf_counter()
        drawn = runner.draw([Slice(each, at, at + 1) for each in sequences], states)
        assert drawn is not None
        for sequence, state, token in zip(sequences, states, drawn.tokens, strict=True):
            sequence.tokens.append(token)
            state.accept(token)
        wall.append(1e3 * (time.perf_counter() - start))
    captured = runner.captured(count)
    assert captured is not None
    card = _milliseconds(captured.graph.replay)
    return {
        "sequences": count,
        "context": context,
        "card, ms": card,
        "with the host's part, ms": median(wall),
        "tokens/s": 1e3 * count / median(wall),
    }


def _blocks(context: int) -> int:
    return (context + STEPS) // 16 + 1


async def measure(engine: LocalEngine) -> tuple[list[float], float]:
    """Tokens a second of each crowd while all of it decodes, and of a prompt."""
    await _arrivals(engine, said("warm up"), 8)
    speeds = [median([await _decoding(engine, n, r) for r in range(ROUNDS)]) for n in CROWDS]
    waits = []
    for seed in range(ROUNDS):
        start = time.perf_counter()
        arrivals = await _arrivals(engine, said(text(LONG_PROMPT, 77 + seed)), 1)
        waits.append(arrivals[0][0] - start)
    return speeds, LONG_PROMPT / median(waits)


async def _decoding(engine: LocalEngine, count: int, seed: int) -> float:
    prompts = [said(text(PROMPT, 1_000 * count + 100 * seed + n)) for n in range(count)]
    every = await asyncio.gather(*(_arrivals(engine, prompt, NEW) for prompt in prompts))
    start = max(arrivals[0][0] for arrivals in every)
    end = min(arrivals[-1][0] for arrivals in every)
    tokens = sum(n for arrivals in every for at, n in arrivals if start < at <= end)
    return tokens / (end - start)


async def _arrivals(engine: LocalEngine, prompt: Any, new: int) -> list[tuple[float, int]]:
    """When tokens came, and how many."""
    params = replace(WARM, max_new_tokens=new)
    async with aclosing(engine.stream(prompt, params)) as stream:
        return [
            (time.perf_counter(), event.tokens)
            async for event in stream
            if isinstance(event, Chunk)
        ]


def _milliseconds(run: Callable[[], Any]) -> float:
    times = []
    for _ in range(10):
        make: Any = torch.cuda.Event
        start, end = make(enable_timing=True), make(enable_timing=True)
        start.record()
        run()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end))
    return float(median(times[2:]))


def _row(name: str, figures: Any) -> dict[str, Figure]:
    columns = [str(crowd) for crowd in CROWDS] + ["prefill"]
    return {"": name, **dict(itertools.zip_longest(columns, figures, fillvalue=""))}


if __name__ == "__main__":
    main()
