"""What is found out about a part before it serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of `chinwag doctor`: of `what`, this was `found`; `advice` is what to do, needed
    unless it is `ok`. `details` are more lines, such as a table."""

    what: str
    found: str
    advice: str = ""
    ok: bool = True
    details: str = ""


@runtime_checkable
class Probing(Protocol):
    """An adapter or engine that can be examined instead of run."""

    async def probe(self) -> Sequence[Finding]:
        """Called instead of running or entering it, once. What the world answers is a finding and
        no exception; nothing is changed by it, and nobody else is disturbed."""
