"""Whether the bot loses anything: kills, faults in everything at once, malformed input, its start.

``python -m bench reliability`` takes about a quarter of an hour, with ``--quick`` about two
minutes. Everything that is lost, or answered twice, is counted; a figure other than 0 is a fault.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from pathlib import Path

import structlog

from bench.reliability import kills, malformed, soak, start
from bench.report import show


def main() -> None:
    quick = "--quick" in sys.argv
    quiet = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=quiet)  # there would be thousands of lines
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), quick=quick))


async def measure(folder: Path, *, quick: bool) -> None:
    show("malformed updates and events", await malformed.measure(300 if quick else 10_000))
    show("start to READY with the demo model", [await start.measure(folder, 1 if quick else 5)])
    show("kill -9 while it answers", [await kills.measure(folder, 4 if quick else 50)])
    seconds = 30.0 if quick else 300.0
    show("faults in network, database and engine", [await soak.measure(folder, seconds)])
