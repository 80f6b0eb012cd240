"""Bytes, as people read them."""

from __future__ import annotations

GIB = 1 << 30
MIB = 1 << 20
KIB = 1 << 10


def gib(size: float) -> str:
    return f"{size / GIB:.1f} GiB"


def human(size: float) -> str:
    """In the largest unit that leaves at least one: 1536 is "1.5 KiB"."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size:.0f} B"
