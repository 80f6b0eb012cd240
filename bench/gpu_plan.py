"""Is the plan true? QwQ-32B's predicted bytes beside what CUDA allocated for its shape.

    python -m bench.gpu_plan [--layers 64] [--json FILE]

Needs a GPU with 24 GiB for all 64 layers. Exits with 1 if the two differ by more than 5 %.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from pathlib import Path

import torch

from bench import qwq
from bot.engine.local.shape import shape_of
from bot.engine.local.sizes import GIB
from bot.engine.local.storage import Storage

TOLERANCE = 0.05


def measure(layers: int, quantize_head: bool) -> dict[str, float | str]:
    storage = Storage("nf4", quantize_head, "bfloat16", gpu=True)
    predicted = storage.total(shape_of(qwq.config(layers)))
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    with torch.inference_mode():
        model = qwq.build(layers, quantize_head=quantize_head)
        gc.collect()
        allocated = torch.cuda.memory_allocated() - before
        peak = torch.cuda.max_memory_allocated() - before
        logits = model(torch.arange(8, device="cuda")[None], use_cache=False).logits
    assert logits.isfinite().all()
    return {
        "weights": storage.name,
        "predicted_gib": predicted / GIB,
        "allocated_gib": allocated / GIB,
        "difference": allocated / predicted - 1,
        "peak_while_building_gib": peak / GIB,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=64)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = []
    for head in (False, True):
        rows.append(measure(arguments.layers, head))
        gc.collect()
        torch.cuda.empty_cache()
    print(torch.cuda.get_device_name(0), f"torch {torch.__version__}, {arguments.layers} layers")
    for row in rows:
        print(
            f"{row['weights']:14} predicted {row['predicted_gib']:6.2f} GiB, allocated "
            f"{row['allocated_gib']:6.2f} GiB ({row['difference']:+.2%}), "
            f"peak while building {row['peak_while_building_gib']:6.2f} GiB"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2))
    return int(any(abs(float(row["difference"])) > TOLERANCE for row in rows))


if __name__ == "__main__":
    sys.exit(main())
