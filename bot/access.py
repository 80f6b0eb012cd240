"""Who may do what: closed by default. With no allow list only the owner is answered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain

from bot.adapter import Adapter
from bot.errors import CommandError
from bot.settings import scopes_of
from bot.store import Grant, Store
from bot.types import Place, Role, UserRef, utcnow

EVERYONE = "everyone"
CONFIG, EVERYWHERE = "config", ""
"""The scopes outside of all places: what the config allows, and what was granted for everywhere."""


def names_of(user: UserRef, place: Place) -> list[tuple[str, ...]]:
    """The entries of an allow list that mean this user at this place, the closest first."""
    return [
        (str(user),),
        tuple(f"{place.adapter}:role:{role}" for role in user.roles),
        (f"{place.adapter}:chat:{place.chat}",),
        (f"{place.adapter}:guild:{place.server}",) if place.server else (),
        (EVERYONE,),
    ]


class Access:
    """`owners` and `allowed` are the config's."""

    def __init__(
        self,
        owners: Collection[str],
        allowed: Collection[str],
        adapters: Mapping[str, Adapter],
        store: Store,
    ):
        self.admit(owners, allowed)
        self._adapters = adapters
        self._store = store

    def admit(self, owners: Collection[str], allowed: Collection[str]) -> None:
        """From now on these, and nobody else."""
        self._owners = frozenset(owners)
        self._allowed = frozenset(allowed)

    async def role(self, user: UserRef, place: Place) -> Role:
        """The config names owners. Whoever was let in has the network's role or the one that was
        granted, whichever is higher."""
        if str(user) in self._owners:
            return Role.OWNER
        network = await self._adapters[place.adapter].role(user, place)
        if network is Role.OWNER:
            return network
        granted = await self._granted(user, place)
        return max(granted, network) if granted >= Role.USER else granted

    async def grants(self, place: Place) -> list[Grant]:
        """All that hold here, the outermost first."""
        return [
            *self._configured(sorted(self._allowed)),
            *await self._store.grants([EVERYWHERE, *scopes_of(place)]),
        ]

    async def check(self, who: str, place: Place, role: Role) -> None:
        """Raises CommandError where somebody of this role may not decide about this entry."""
        if who in self._owners:
            raise CommandError("Who is an owner is decided in the config alone.")
        network, _, user = who.partition(":")
        if role is Role.OWNER or network != place.adapter or ":" in user:
            return
        if await self.role(UserRef(network, user), place) >= role:
            raise CommandError("{who} has as much to say here as you have.", who=who)

    async def _granted(self, user: UserRef, place: Place) -> Role:
        named = names_of(user, place)
        names = list(chain(*named))
        scopes = [EVERYWHERE, *scopes_of(place)]
        configured = self._configured(name for name in names if name in self._allowed)
        found = [*configured, *await self._store.grants(scopes, names)]
        return decided(found, named, [CONFIG, *scopes])

    def _configured(self, names: Iterable[str]) -> list[Grant]:
        return [Grant(CONFIG, name, Role.USER, None, utcnow()) for name in names]


def decided(
    grants: Sequence[Grant], named: Sequence[Collection[str]], scopes: Sequence[str]
) -> Role:
    """A block holds whatever else was said. Otherwise what names a person more closely outranks
    what does less so, and then the inner scope (the last of `scopes`) the outer one."""
    if any(grant.role is Role.BLOCKED for grant in grants):
        return Role.BLOCKED
    distance = {name: step for step, names in enumerate(named) for name in names}
    depth = {scope: step for step, scope in enumerate(scopes)}
    closest = min(grants, key=lambda g: (distance[g.who], -depth[g.scope], -g.role), default=None)
    return Role.GUEST if closest is None else closest.role
