"""Whether the database can be used, without touching it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import StoreError
from bot.store import revisions
from bot.store.backup import backups
from bot.store.engines import blocking_engine
from bot.store.failures import told
from bot.store.location import Location
from bot.store.open import quick_check
from bot.types import Finding

PATIENCE = 5.0
"""Seconds: a person waits."""


def probe(location: Location) -> Sequence[Finding]:
    """Blocking."""
    if location.file is not None and not location.file.exists():
        return [Finding("database", f"{location.file} is made at the first start")]
    try:
        findings = [Finding("database", _state(location))]
    except StoreError as error:
        advice = "see docs/data.md for backup, restore and upgrade"
        return [Finding("database", str(error), advice, ok=False)]
    return findings if location.file is None else [*findings, _copies(location)]


def _state(location: Location) -> str:
    """Raises StoreError."""
    quick_check(location, PATIENCE)
    engine = blocking_engine(location.url, PATIENCE).execution_options(chinwag_writes=False)
    try:
        with told(str(location)), engine.connect() as connection:
            found = revisions.found(connection)
    finally:
        engine.dispose()
    newest = revisions.known()[0]
    later = "" if found == newest else f", brought to {newest} at the next start"
    return f"{location}: revision {found or 'none'}{later}"


def _copies(location: Location) -> Finding:
    copies = backups(location)
    if not copies:
        return Finding("backups", "none yet", "the bot takes one a day; `chinwag db backup` now")
    return Finding("backups", f"{len(copies)} in {location.backups}, the newest {copies[-1].name}")
