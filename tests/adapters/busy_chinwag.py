"""A program: chinwag beside a thread that computes without pause, as a long prefill does."""

from __future__ import annotations

import threading

from bot.cli import main

STEP = 200_000
"""Additions in one piece, during which nothing else of Python runs: some milliseconds."""


def compute() -> None:
    while True:
        sum(range(STEP))


if __name__ == "__main__":
    threading.Thread(target=compute, daemon=True).start()
    main()
