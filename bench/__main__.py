"""Runs the benchmarks that are named, or all of them; options come after the names."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from itertools import takewhile

import bench

NOT_BENCHMARKS = {"__main__", "contenders", "options", "qwq", "report"}


def main() -> None:
    there = [module.name for module in pkgutil.iter_modules(bench.__path__)]
    named = list(takewhile(lambda argument: not argument.startswith("-"), sys.argv[1:]))
    for name in named or sorted(set(there) - NOT_BENCHMARKS):
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
