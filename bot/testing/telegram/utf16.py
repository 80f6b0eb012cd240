"""Telegram counts entities in UTF-16 code units, and texts (as TDLib does) in code points."""

from __future__ import annotations


def length(text: str) -> int:
    return sum(2 if ord(c) > 0xFFFF else 1 for c in text)


def inside_pair(text: str, offset: int) -> bool:
    """Whether this offset, in UTF-16 units, cuts a surrogate pair in two."""
    at = 0
    for c in text:
        if at >= offset:
            return at > offset
        at += 2 if ord(c) > 0xFFFF else 1
    return False


def cut(text: str, offset: int, units: int) -> str:
    encoded = text.encode("utf-16-le", "surrogatepass")
    return encoded[2 * offset : 2 * (offset + units)].decode("utf-16-le", "surrogatepass")
