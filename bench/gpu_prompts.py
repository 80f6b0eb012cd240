"""Where the time to a first token goes on a GPU, with QwQ-32B's shape and random NF4 weights: one
step over a question, alone and after a history, and what its kernels take.

Needs a GPU with 40 GiB; ``--layers 4`` tries the script on a smaller one, ``--cuts`` tries other
ways to cut attention's work.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch

from bench import qwq
from bench.gpu_engine import loaded
from bench.options import option
from bench.report import Figure, show
from bot.engine.local.attention import Step
from bot.engine.local.choice import choose
from bot.engine.local.graphs import GraphRunner
from bot.engine.local.kernels import tiles
from bot.engine.local.kernels.decoder import FusedForward
from bot.engine.local.kernels.step import KernelStep, decode_step, prompt_step
from bot.engine.local.kvcache import KVCache, LayerShape
from bot.engine.local.sdpa import SdpaStep
from bot.engine.local.sequence import Sequence, Slice

QUESTION, CHUNK, HISTORY = 79, 1024, 4_000
ROUNDS, SHOWN = 9, 20
BLOCK = 16
HEADS, KV_HEADS, DIM = 40, 8, 128
LAYERS = 8
"""Whose keys and values attention takes in turns, so that the card's cache doesn't flatter."""

Run = Callable[[], Any]


def main() -> None:
    if not torch.cuda.is_available():
        print("The benchmark of prompts on a GPU needs one.")
        return
    facts: dict[str, Figure] = {"gpu": torch.cuda.get_device_name(0), "torch": torch.__version__}
    with torch.inference_mode():
        show("attention of one layer", [_attention(*case) for case in CASES], **facts)
        if "--cuts" in sys.argv:
            for case in CASES[3:]:
                show(f"{case[0]}, by cut", _cuts(*case), **facts)
            return
        layers = int(option("--layers", "64"))
        _steps(layers, facts | {"layers": layers})


def _steps(layers: int, facts: dict[str, Figure]) -> None:
    model = qwq.build(layers)
    runner = choose(loaded(model), block_size=BLOCK)
    if not isinstance(runner, GraphRunner):
        print("There are no graphs here: the log says why.")
        return
    forward = FusedForward(model)
    rows, profiles = [], []
    for count, history in itertools.product((QUESTION, CHUNK), (0, HISTORY)):
        for name, run in _ways(runner, forward, piece(0, history, count)).items():
            figures, kernels = _profile(run)
            what = f"{count} tokens after {history:,}, {name}"
            rows.append({"": what, **figures})
            profiles.append((what, kernels))
    show("one step with a prompt, ms", rows, **facts)
    for what, kernels in profiles:
        show(f"kernels of {what}", kernels)


def piece(number: int, start: int, count: int) -> Slice:
    blocks = list(range(number * 512, number * 512 + -(-(start + count) // BLOCK)))
    return Slice(Sequence([7] * (start + count), number, blocks=blocks), start, start + count)


def _ways(runner: GraphRunner, forward: FusedForward, each: Slice) -> dict[str, Run]:
    device = torch.device("cuda", 0)
    width = tiles.tile_width(HEADS, KV_HEADS, 2 * DIM)

    def launched(make: Callable[[], Step]) -> Run:
        def run() -> torch.Tensor:
            tokens, positions = torch.tensor([[7] * each.count, [*range(each.start, each.end)]])
            rows = torch.tensor([each.count - 1], device=device)
            return forward(tokens.to(device), positions.to(device), make(), rows)

        return run

    ways: dict[str, Run] = {"as the engine does": lambda: runner.run([each])}
    ways["kernels launched"] = launched(lambda: prompt_step(runner.cache, [each], width, device))
    ways["torch's attention"] = launched(lambda: SdpaStep(runner.cache, [each]))
    return ways


def _profile(run: Run) -> tuple[dict[str, Figure], list[dict[str, Figure]]]:
    """Medians of whole steps by our clock; of one of them, what the card did."""
    walls = []
    for _ in range(ROUNDS):
        torch.cuda.synchronize()
        start = time.perf_counter()
        run()
        launched = time.perf_counter()
        torch.cuda.synchronize()
        walls.append((1e3 * (time.perf_counter() - start), 1e3 * (launched - start)))
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profiler:
        run()
        torch.cuda.synchronize()
    kernels: list[Any] = [
        each for each in profiler.events() or () if each.device_type.name == "CUDA"
    ]
    spans = sorted((event.time_range.start, event.time_range.end) for event in kernels)
    figures: dict[str, Figure] = {
        "step": median(wall for wall, _ in walls[2:]),
        "host's part": median(host for _, host in walls[2:]),
        "card busy": _busy(spans) / 1e3,
        "card idle": (spans[-1][1] - spans[0][0] - _busy(spans)) / 1e3,
    }
    return figures, _table(kernels)


def _busy(spans: list[tuple[float, float]]) -> float:
    """Kernels may overlap."""
    busy, until = 0.0, float("-inf")
    for start, end in spans:
        busy += max(0.0, end - max(start, until))
        until = max(until, end)
    return busy


def _table(kernels: list[Any]) -> list[dict[str, Figure]]:
    times: dict[str, list[float]] = {}
    for event in kernels:
        times.setdefault(event.name[:60], []).append(event.time_range.elapsed_us())
    longest = sorted(times.items(), key=lambda item: -sum(item[1]))[:SHOWN]
    return [
        {"kernel": name, "ms": sum(each) / 1e3, "calls": len(each), "µs each": median(each)}
        for name, each in longest
    ]


# --- attention alone -----------------------------------------------------------------------------

CASES: tuple[tuple[str, int, int, int], ...] = (
    ("1 token after 400", 1, 400, 1),
    ("1 token after 8,000", 1, 8_000, 1),
    ("64 sequences, 1 token each after 400", 64, 400, 1),
    ("79 tokens from the start", 1, 0, QUESTION),
    ("79 tokens after 4,000", 1, HISTORY, QUESTION),
    ("1,024 tokens from the start", 1, 0, CHUNK),
    ("1,024 tokens after 4,000", 1, HISTORY, CHUNK),
)
"""A name, sequences, the history of each and its new tokens."""


def _attention(name: str, count: int, history: int, new: int) -> dict[str, Figure]:
    """Beside the time that reading the keys and values, and the arithmetic, take at least."""
    microseconds = _microseconds(*_layers(count, history, new, None))
    context = history + new
    read = count * context * KV_HEADS * DIM * 4 / 3e12
    seen = count * new * (history + (new + 1) / 2)
    arithmetic = seen * HEADS * DIM * 4 / 800e12
    return {
        "": name,
        "µs": microseconds,
        "least by memory and arithmetic": 1e6 * (read + arithmetic),
    }


def _cuts(name: str, count: int, history: int, new: int) -> list[dict[str, Figure]]:
    rows: list[dict[str, Figure]] = []
    original = tiles.cut_prompts
    for width, step, warps, stages in itertools.product((12, 25), (64, 128), (4, 8), (2, 3)):
        for splits in (1, 4, 8, 16):
            cut = tiles.Cut(splits, tiles.SHARE, step, warps, stages)
            tiles.cut_prompts = lambda *_, cut=cut: cut
            try:
                figure = _microseconds(*_layers(count, history, new, width))
            except Exception as problem:  # too much shared memory, say
                print(cut, repr(problem)[:100])
                continue
            rows.append({"width": width, **cut._asdict(), "µs": figure})
    tiles.cut_prompts = original
    rows.sort(key=lambda row: float(row["µs"] or 0))
    return rows[:12]


def _layers(
    count: int, history: int, new: int, width: int | None
) -> tuple[KernelStep, torch.Tensor]:
    device, most = torch.device("cuda", 0), -(-(history + new) // BLOCK)
    shape = LayerShape(KV_HEADS, DIM, DIM, torch.bfloat16, device)
    cache = KVCache(dict.fromkeys(range(LAYERS), shape), count * most, BLOCK)
    query = torch.randn(count * new, HEADS, DIM, device=device, dtype=torch.bfloat16)
    if new == 1:
        table = torch.arange(count * most, dtype=torch.int32, device=device).view(count, most)
        return decode_step(cache, table, torch.full((count,), history, device=device)), query
    width = width or tiles.tile_width(HEADS, KV_HEADS, 2 * DIM)
    return prompt_step(cache, [piece(0, history, new)], width, device), query


def _microseconds(step: KernelStep, query: torch.Tensor) -> float:
    """Of one layer, captured so that the processor's part of a launch is left out."""

    def run() -> None:
        for layer in range(LAYERS):
            step.read(layer, query, DIM**-0.5, None)

    run()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    times = []
    for _ in range(ROUNDS):
        make: Any = torch.cuda.Event
        start, end = make(enable_timing=True), make(enable_timing=True)
        start.record()
        graph.replay()
        end.record()
        end.synchronize()
        times.append(1e3 * start.elapsed_time(end) / LAYERS)
    return float(median(times))


if __name__ == "__main__":
    main()
