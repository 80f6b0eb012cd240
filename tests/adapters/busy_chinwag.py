"""A program: chinwag beside a thread that computes without pause, as a long prefill does: large
pieces of work outside of Python, and a little Python between them."""

from __future__ import annotations

import hashlib
import threading

from bot.cli import main

PIECE = bytes(8 * 1024 * 1024)
BETWEEN = 2_000
"""Additions."""


def compute() -> None:
    while True:
        hashlib.sha256(PIECE).digest()
        sum(range(BETWEEN))


if __name__ == "__main__":
    threading.Thread(target=compute, daemon=True).start()
    main()
