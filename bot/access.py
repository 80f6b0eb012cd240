"""Who may do what: closed by default. With no allow list only the owner is answered."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from bot.adapter import Adapter
from bot.store import Store
from bot.types import Place, Role, UserRef

EVERYONE = "everyone"


def names_of(user: UserRef, place: Place) -> Iterator[str]:
    """The entries of an allow list that would let this user in at this place."""
    yield EVERYONE
    yield str(user)
    yield f"{place.adapter}:chat:{place.chat}"
    if place.server:
        yield f"{place.adapter}:guild:{place.server}"
    for role in user.roles:
        yield f"{place.adapter}:role:{role}"


class Access:
    def __init__(
        self,
        owners: Collection[str],
        allowed: Collection[str],
        adapters: Mapping[str, Adapter],
        store: Store,
    ):
        self._owners = frozenset(owners)
        self._allowed = frozenset(allowed)
        self._adapters = adapters
        self._store = store

    async def role(self, user: UserRef, place: Place) -> Role:
        """The config names owners; a granted role outranks the network's; guests get nothing."""
        if str(user) in self._owners:
            return Role.OWNER
        granted = await self._store.role(user)
        if granted is not None:
            return granted
        network = await self._adapters[place.adapter].role(user, place)
        if network is Role.OWNER or not self._allowed.isdisjoint(names_of(user, place)):
            return network
        return Role.GUEST
