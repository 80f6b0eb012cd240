"""From the process' beginning to READY: the demo model answers and both networks are connected."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from bench.reliability.process import both
from bench.report import Figure


async def measure(folder: Path, times: int) -> dict[str, Figure]:
    """Seconds. The first start, which also makes the database and converts the model, apart."""
    async with both(folder / "start", {"engine": {"kind": "local", "model": "demo"}}) as bot:
        taken = []
        for _ in range(times + 1):
            begun = time.perf_counter()
            await bot.start()
            taken.append(time.perf_counter() - begun)
            await bot.end()
    first, *later = taken
    return {"first start, s": first, "later starts, s": median(later), "starts": times}
