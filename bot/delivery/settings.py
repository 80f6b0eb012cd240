"""How calm, how long and how patient the delivery of replies is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    thinking_every: float = 3.0
    """Seconds between two edits of the thinking or waiting line."""
    typing_every: float = 4.0
    """Seconds between two typing signs; networks show one for 5 s (Telegram) to 10 s (Discord)."""
    code_over: int = 4_000
    """Characters; a longer code block goes as a file."""
    file_over: int = 20_000
    """Characters; a longer answer goes as a file."""
    give_up_after: float = 600.0
    """Seconds for which a finished reply waits for a network that can't be reached."""
