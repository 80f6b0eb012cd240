"""What a place suggests for a parameter while it is typed."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.kept import Kept
from bot.commands.presets import OWN
from bot.store import Store
from bot.types import Place

MOST = 25
"""As many as Discord shows."""


class Suggestions:
    """A `bot.adapter.Suggest`."""

    def __init__(self, store: Store):
        self._store = store

    async def __call__(self, place: Place, source: str, typed: str) -> Sequence[str]:
        known = await self._known(place, source)
        return [name for name in known if name.startswith(typed.lower())][:MOST]

    async def _known(self, place: Place, source: str) -> Sequence[str]:
        match source:
            case "persona":
                return sorted(await Kept(self._store, "persona").all(place))
            case "preset":
                return [*OWN, *sorted(await Kept(self._store, "preset").all(place))]
        return ()
