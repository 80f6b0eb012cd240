"""A program: a PDF on stdin, its text on stdout. Bounded in memory and in processor time."""

from __future__ import annotations

import io
import resource
import sys

from pypdf import PdfReader

MEMORY = 1024**3
"""Bytes."""
PROCESSOR = 60
"""Seconds."""
MOST_TEXT = 200_000
"""Characters."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR))
    left = MOST_TEXT
    for page in PdfReader(io.BytesIO(sys.stdin.buffer.read())).pages:
        text = page.extract_text()[:left]
        sys.stdout.buffer.write(f"{text}\n".encode("utf-8", "replace"))
        left -= len(text)
        if left <= 0:
            break


if __name__ == "__main__":
    main()
