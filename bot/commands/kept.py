"""What people keep at a place under names of their own: personas, presets.

The innermost place that has the name counts, as with settings, and so do history and undo.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from bot.effective import dump, load
from bot.errors import CommandError
from bot.kinds import quoted
from bot.settings import here, scopes_of
from bot.store import SettingChange, Store
from bot.types import Place, UserRef

Kind = Literal["persona", "preset"]

MOST = 50
_NAME = re.compile(r"[\w-]{1,32}")


class Kept:
    def __init__(self, store: Store, kind: Kind):
        self._store = store
        self._kind = kind

    async def all(self, place: Place) -> dict[str, Any]:
        scopes = list(scopes_of(place))
        found = await self._store.kept(scopes, self._kind)
        return {name: load(value) for scope in scopes for name, value in found[scope].items()}

    async def save(self, place: Place, name: str, value: Any, by: UserRef) -> SettingChange:
        """Raises CommandError for a name that can't be, and where there are too many."""
        name = name.lower()
        if not _NAME.fullmatch(name):
            raise CommandError(
                "{name} can't be a name: take up to 32 letters, digits, - or _.", name=quoted(name)
            )
        mine = await self._mine(place)
        if name not in mine and len(mine) >= MOST:
            raise CommandError("There are {n} here already: delete one first.", n=len(mine))
        return await self._store.change(here(place), self._key(name), dump(value), by)

    async def delete(self, place: Place, name: str, by: UserRef) -> SettingChange:
        """Raises CommandError where this very place has none of this name."""
        if name.lower() not in await self._mine(place):
            raise CommandError("Nothing is saved as {name} here.", name=quoted(name))
        return await self._store.change(here(place), self._key(name.lower()), None, by)

    async def _mine(self, place: Place) -> set[str]:
        scope = here(place)
        return set((await self._store.kept([scope], self._kind))[scope])

    def _key(self, name: str) -> str:
        return f"{self._kind}/{name}"
