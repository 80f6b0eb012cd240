"""What the command line says to a benchmark, after its name."""

from __future__ import annotations

import sys


def option(name: str, default: str) -> str:
    """What follows `name`."""
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default
