"""How long what is said is kept, and the daily job that holds to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from bot.errors import StoreError
from bot.kinds import Number
from bot.settings import here, scopes_of
from bot.store import SettingChange, Store
from bot.types import Place, UserRef, utcnow

log = structlog.get_logger(__name__)

KIND, NAME = "keep", "days"
"""What is set from chat is kept in the store as ``keep/days``."""

DAYS = Number(1, 36_500, whole=True, optional=True)
EVERY = timedelta(days=1)
CONVERSATIONS, MESSAGES = 200, 500
"""Looked at, and deleted, at once; between two parts others have their turn at the database."""


class Retention:
    """`days` is the config's; None keeps for ever."""

    def __init__(self, store: Store, days: int | None = None):
        self._store = store
        self.keep(days)

    def keep(self, days: int | None) -> None:
        """From the next round on, so long."""
        self._days = days

    async def days(self, place: Place) -> int | None:
        """What holds at a place, the innermost that is set."""
        kept = await self._store.kept(list(scopes_of(place)), KIND)
        return self._innermost(
            place, {s: json.loads(v[NAME]) for s, v in kept.items() if NAME in v}
        )

    async def set(self, place: Place, days: str | None, by: UserRef) -> SettingChange:
        """None goes back to what is inherited. Raises CommandError for a value that can't be."""
        stored = None if days is None else json.dumps(DAYS.parse(days))
        return await self._store.change(here(place), f"{KIND}/{NAME}", stored, by)

    async def run(self) -> None:
        """Daily, until cancelled."""
        while True:
            try:
                await self.sweep(utcnow())
            except StoreError as error:
                log.warning("old messages stay until tomorrow", why=str(error))
            await asyncio.sleep(EVERY.total_seconds())

    async def sweep(self, now: datetime) -> int:
        """Delete what is older than it may be. Returns how many messages it was."""
        await self._store.tidy()
        stored = await self._store.kept_everywhere(KIND)
        by_scope = {s: json.loads(values[NAME]) for s, values in stored.items() if NAME in values}
        limits = [days for days in (self._days, *by_scope.values()) if days is not None]
        if not limits:
            return 0
        deleted, after = 0, 0
        oldest = now - timedelta(days=min(limits))
        while found := await self._store.conversations_with(oldest, after, CONVERSATIONS):
            for conversation, place in found:
                if (days := self._innermost(place, by_scope)) is not None:
                    deleted += await self._expire(conversation, now - timedelta(days=days))
            after = found[-1][0]
        if deleted:
            await self._store.scrub()
            log.info("old messages deleted", messages=deleted)
        return deleted

    async def _expire(self, conversation: int, older_than: datetime) -> int:
        deleted = 0
        while part := await self._store.expire(conversation, older_than, MESSAGES):
            deleted += part
        return deleted

    def _innermost(self, place: Place, by_scope: Mapping[str, int | None]) -> int | None:
        found = [by_scope[scope] for scope in scopes_of(place) if scope in by_scope]
        return found[-1] if found else self._days
