"""chinwag with a plugin that writes down how late its event loop is: ``python -m …lagging run``."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from bot import plugins
from bot.cli import main
from bot.hooks import Running
from bot.registry import Registry

NAME = "lag"
EVERY = 0.02
"""Seconds."""
FILE = "LAG_FILE"
"""The variable that names where a line with milliseconds goes, for each look at the clock."""


async def write_down(running: Running) -> None:
    clock = asyncio.get_running_loop().time
    with Path(os.environ[FILE]).open("a", buffering=1) as file:
        while True:
            before = clock()
            await asyncio.sleep(EVERY)
            file.write(f"{(clock() - before - EVERY) * 1e3:.2f}\n")


def setup(registry: Registry) -> None:
    registry.job(write_down)


def run() -> int:
    others = plugins.load
    plugins.load = lambda kind, name: setup if name == NAME else others(kind, name)
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
