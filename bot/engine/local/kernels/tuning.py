"""Which variant of the product is fastest for each matrix: measured once per card, then kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any

import structlog
import torch

from bot.engine.local.kernels.cuda import CompilerMissing, source_of
from bot.engine.local.kernels.layout import Nf4Matrix
from bot.engine.local.kernels.products import SOURCES, Products, Variant

log = structlog.get_logger(__name__)

ROUNDS, RUNS = 5, 8
EXACT = 1e-2
"""‖difference‖ / ‖product‖ that bfloat16's rounding explains."""


def tune(
    products: Products, matrices: Sequence[tuple[Nf4Matrix, bool]], folder: Path | None
) -> None:
    """Fills the table of `products` for each of `matrices`, which say whether they are gated.
    Several of one shape take turns, so that none is measured out of the card's cache."""
    path = folder / f"products-{_card(products.device)}.json" if folder else None
    known: dict[str, list[Any]] = json.loads(path.read_text()) if path and path.is_file() else {}
    for (rows, columns, gated), alike in _by_shape(matrices).items():
        for tier in products.card.tiers:
            name = f"{rows}x{columns}{' gated' if gated else ''}, {tier} rows"
            if name not in known:
                known[name] = list(_fastest(products, alike, gated, tier))
            products.table[rows, columns, gated, tier] = Variant(*known[name])
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(known, indent=1))


def _card(device: torch.device) -> str:
    """Another kernel is measured anew."""
    name = torch.cuda.get_device_name(device).replace(" ", "-")
    source = source_of(SOURCES / "nf4_matmul.cu") + source_of(SOURCES / "nf4_arrange.cu")
    return f"{name}-{sha256(source.encode()).hexdigest()[:8]}"


def _by_shape(
    matrices: Sequence[tuple[Nf4Matrix, bool]],
) -> dict[tuple[int, int, bool], list[Nf4Matrix]]:
    found: dict[tuple[int, int, bool], list[Nf4Matrix]] = {}
    for matrix, gated in matrices:
        found.setdefault((matrix.rows, matrix.columns, gated), []).append(matrix)
    return found


def _fastest(products: Products, alike: Sequence[Nf4Matrix], gated: bool, tier: int) -> Variant:
    """Of those that compute what cuBLAS does. Raises CompilerMissing if none."""
    first = alike[0]
    x = torch.randn(tier, first.columns, device=products.device, dtype=torch.bfloat16)
    y = x.new_empty(tier, first.rows // 2 if gated else first.rows)

    def run_of(variant: Variant) -> Callable[[], None]:
        def run() -> None:
            for turn in range(RUNS):
                matrix = alike[turn % len(alike)]
                products.run(variant, tier, matrix, x, y, gated=gated)

        return run

    expected = products.by_cublas(first, x, gated=gated)
    times: dict[Variant, float] = {}
    for variant in products.candidates(first, tier):
        products.run(variant, tier, first, x, y.fill_(torch.nan), gated=gated)
        error = float((y - expected).float().norm() / expected.float().norm())
        if error <= EXACT:
            times[variant] = _microseconds(run_of(variant))
        else:
            log.warning("a kernel is wrong on this card", variant=variant, error=f"{error:.1%}")
    if not times:
        raise CompilerMissing("no variant of the product is right on this card")
    return min(times, key=times.__getitem__)


def _microseconds(run: Callable[[], None]) -> float:
    """Median of some rounds, captured so that the processor's part of a launch is left out."""
    run()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return median(_timed(graph.replay) for _ in range(ROUNDS))


def _timed(run: Callable[[], None]) -> float:
    make: Any = torch.cuda.Event
    start, end = make(enable_timing=True), make(enable_timing=True)
    start.record()
    run()
    end.record()
    end.synchronize()
    return 1e3 * float(start.elapsed_time(end))
