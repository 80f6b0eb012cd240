"""Is the plan true? QwQ-32B's predicted bytes beside what CUDA allocated for its shape.

Needs a GPU with 24 GiB; fails if prediction and truth differ by more than TOLERANCE.
"""

from __future__ import annotations

import gc

import torch

from bench import qwq
from bench.report import Figure, show
from bot.engine.local.kernels.room import ROOM
from bot.engine.local.shape import shape_of
from bot.engine.local.sizes import GIB
from bot.engine.local.storage import Storage

TOLERANCE = 0.05


def main() -> None:
    if not torch.cuda.is_available():
        print("The plan's benchmark needs a GPU.")
        return
    rows = [measure(quantize_head=head) for head in (False, True)]
    show(
        "plan and truth, QwQ-32B", rows, gpu=torch.cuda.get_device_name(0), torch=torch.__version__
    )
    assert all(abs(float(row["difference %"] or 0)) <= 100 * TOLERANCE for row in rows)


def measure(*, quantize_head: bool, layers: int = 64) -> dict[str, Figure]:
    storage = Storage("nf4", quantize_head, "bfloat16", gpu=True)
    predicted = storage.total(shape_of(qwq.config(layers))) + ROOM
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    with torch.inference_mode():
        model = qwq.build(layers, quantize_head=quantize_head)
        gc.collect()
        allocated = torch.cuda.memory_allocated() - before
        peak = torch.cuda.max_memory_allocated() - before
        logits = model(torch.arange(8, device="cuda")[None], use_cache=False).logits
        assert logits.isfinite().all()
    del model, logits
    gc.collect()
    torch.cuda.empty_cache()
    return {
        "weights": storage.name,
        "predicted GiB": predicted / GIB,
        "allocated GiB": allocated / GIB,
        "difference %": 100 * (allocated / predicted - 1),
        "peak of the load GiB": peak / GIB,
    }
