"""Runs the benchmarks that are named, or all of them."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import bench

NOT_BENCHMARKS = {"__main__", "contenders", "qwq", "report"}


def main() -> None:
    there = [module.name for module in pkgutil.iter_modules(bench.__path__)]
    named = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    for name in named or sorted(set(there) - NOT_BENCHMARKS):
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
