"""How a long step tells what it is doing."""

from __future__ import annotations

from bot.types import Progress as Progress


def silent(what: str, share: float) -> None:
    """For callers that don't look."""
