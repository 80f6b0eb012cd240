"""The modes that a place can be in."""

from __future__ import annotations

from typing import Literal

ThinkingMode = Literal["off", "line", "open"]
RespondMode = Literal["mention", "always", "command"]
ContextMode = Literal["asked", "window"]
"""What a conversation holds: what was said to the bot, or all that was said around it, too."""
