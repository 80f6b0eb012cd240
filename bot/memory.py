"""What an adapter keeps over restarts, as notes in the store."""

from __future__ import annotations

from collections.abc import Mapping

from bot.store import Store


class StoredMemory:
    def __init__(self, store: Store, adapter: str):
        self._store = store
        self._scope = f"adapter:{adapter}"

    async def recall(self) -> Mapping[str, str]:
        return (await self._store.settings([self._scope]))[self._scope]

    async def remember(self, notes: Mapping[str, str | None]) -> None:
        await self._store.remember(self._scope, notes)
