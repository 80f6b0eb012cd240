"""What is kept of a person, for that person: to look at, to have forgotten, or not to be kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from typing import Any, Protocol

import structlog

from bot.lanes import Lanes
from bot.store import Said, Store
from bot.types import UserRef, utcnow

log = structlog.get_logger(__name__)

FORMAT = 1
PART = 500
"""Messages read or deleted at once; between two parts others have their turn at the database."""


class PersonalData(Protocol):
    """Of a plugin that keeps something of people by itself. It need not be quick."""

    async def export(self, store: Store, user: UserRef) -> Any:
        """All that is kept of this person, as JSON values."""

    async def forget(self, store: Store, user: UserRef) -> None:
        """All of it. What was forgotten before is no error."""


class Rights:
    def __init__(
        self, store: Store, lanes: Lanes, plugins: Mapping[str, PersonalData] | None = None
    ):
        self._store = store
        self._lanes = lanes
        self._plugins = plugins or {}

    async def export(self, user: UserRef) -> bytes:
        """A JSON document."""
        document = {
            "export": FORMAT,
            "of": str(user),
            "time": utcnow().isoformat(),
            **await self._store.about(user),
            "messages": [_plain(said) async for said in self._all_said(user)],
            "plugins": {n: await self._of(data, user) for n, data in self._plugins.items()},
        }
        return await asyncio.to_thread(_encoded, document)  # it may be large

    async def forget(self, user: UserRef, *, keep_today: bool = False) -> list[str]:
        """As Store.forget and forget_person. Returns the names of those that failed to."""
        await self._lanes.leave(user)
        while await self._store.forget(user, PART):
            pass
        await self._store.forget_person(user, keep_today=keep_today)
        plugins = self._plugins.items()
        failed = [n for n, data in plugins if not await self._forgot(n, data, user)]
        await self._store.scrub()
        return failed

    async def opt_out(self, user: UserRef) -> bool:
        """False if it was so before."""
        changed = await self._store.opt_out(user, True)
        await self._lanes.leave(user)
        return changed

    async def opt_in(self, user: UserRef) -> bool:
        return await self._store.opt_out(user, False)

    async def _of(self, data: PersonalData, user: UserRef) -> Any:
        try:
            return await data.export(self._store, user)
        except Exception as error:
            log.exception("a plugin did not tell what it keeps")
            return {"failed": type(error).__name__}

    async def _forgot(self, plugin: str, data: PersonalData, user: UserRef) -> bool:
        try:
            await data.forget(self._store, user)
        except Exception:
            log.exception("a plugin did not forget", plugin=plugin)
            return False
        return True

    async def _all_said(self, user: UserRef) -> AsyncIterator[Said]:
        after = 0
        while part := await self._store.said_by(user, after, PART):
            for said in part:
                yield said
            after = part[-1].id


def _encoded(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1, default=str).encode()


def _plain(said: Said) -> dict[str, Any]:
    return {
        "place": asdict(said.place),
        "id": said.message.id,
        "time": said.message.time.isoformat(),
        "text": said.message.text,
        "replies": [asdict(reply) for reply in said.replies],
    }
