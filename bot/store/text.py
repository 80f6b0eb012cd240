"""What every database can keep of a text."""

from __future__ import annotations

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable(text: str) -> str:
    """The text with surrogate pairs joined, and each NUL or lone surrogate as U+FFFD.

    PostgreSQL refuses NUL, and a lone surrogate has no UTF-8.
    """
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", REPLACEMENT)
