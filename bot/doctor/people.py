"""Whom the bot answers by the config; the chat can admit more."""

from __future__ import annotations

from collections.abc import Sequence

from bot.config import Config
from bot.types import Finding

EVERYONE = "everyone"
SHOWN = 5


def check(config: Config) -> Sequence[Finding]:
    """At a terminal whoever sits there is the owner, so that without a network there is nothing to
    find."""
    return [_owners(config), _allowed(config)] if config.adapters else []


def _owners(config: Config) -> Finding:
    named = [owner for owner in config.access.owner if owner.partition(":")[0] in config.adapters]
    if not named:
        advice = "write to the bot, it tells you your id, and put that into access.owner"
        return Finding("owner", "nobody is one on these networks", advice)
    return Finding("owner", ", ".join(named))


def _allowed(config: Config) -> Finding:
    allowed = config.access.allow
    if EVERYONE in allowed:
        advice = "see docs/access.md for limits, for what they ask is computed here"
        return Finding("access", "everyone who finds the bot is answered", advice)
    if not allowed:
        return Finding("access", "the config admits nobody but owners")
    more = ", …" if len(allowed) > SHOWN else ""
    return Finding("access", f"the config admits {', '.join(allowed[:SHOWN])}{more}")
