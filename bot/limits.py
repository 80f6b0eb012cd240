"""How much people may ask for: messages a minute, tokens a day, turns that wait.

A message must be within what its author may have, wherever it is said, and within what its chat
may have, whoever says it. All is counted in the store, so a restart resets nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from bot import texts_for_people as texts
from bot.errors import CommandError
from bot.kinds import Number
from bot.settings import scopes_of
from bot.store import Demand, SettingChange, Store
from bot.types import Place, Rate, Role, UserRef, utcnow

KIND = "limit"
"""Limits that are set from chat are kept in the store as ``limit/NAME``."""

AGAIN = 60.0
"""Seconds after which a refusal is told anew whose end nobody knows."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """None is no limit. `messages_per_minute` can come at once; then one more each time that its
    share of a minute has passed. `tokens_per_day` are those read anew or written, by UTC days;
    `waiting` counts turns that have not ended."""

    messages_per_minute: int | None = None
    tokens_per_day: int | None = None
    waiting: int | None = None

    @property
    def rate(self) -> Rate | None:
        many = self.messages_per_minute
        return None if many is None else Rate(burst=many, seconds=60 / many)


NAMES = tuple(field.name for field in fields(Allowance))
VALUE = Number(1, 1_000_000_000, whole=True, optional=True)
NONE = Allowance()
GUEST = Allowance(messages_per_minute=3)
"""For the few commands that those may use who are not admitted."""


class Limited(CommandError):
    """`fresh` says that this is the first refusal of this wait."""

    def __init__(self, told: str, *, fresh: bool):
        self.fresh = fresh
        super().__init__(told)


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody, or a chat, may have and has."""

    allowed: Allowance
    demand: Demand


class Gate:
    """`roles` and `place` are the config's; a role that is not named has no limit."""

    def __init__(self, store: Store, roles: Mapping[Role, Allowance], place: Allowance = NONE):
        self._store = store
        self.limit(roles, place)

    def limit(self, roles: Mapping[Role, Allowance], place: Allowance = NONE) -> None:
        """From now on."""
        self._roles = {Role.GUEST: GUEST, **roles}
        self._place = place

    async def admit(self, user: UserRef, role: Role, place: Place) -> None:
        """Count one message. Raises Limited. An owner is not held up by what a chat may have."""
        allowances: dict[UserRef | Place, Allowance] = {user: await self.of_person(user, role)}
        if role is not Role.OWNER:
            allowances[place] = await self.of_place(place)
        for of, allowance in allowances.items():
            await self._within(of, allowance, user)
        rates = {f"messages {_name(of)}": a.rate for of, a in allowances.items()}
        wait = await self._store.take({name: rate for name, rate in rates.items() if rate})
        if wait > 0:
            raise await self._limited(user, texts.too_fast(wait), wait)

    async def admit_guest(self, user: UserRef) -> bool:
        """To one of the few commands for those who are not admitted."""
        rate = self._roles[Role.GUEST].rate
        return rate is None or await self._store.take({f"guest {user}": rate}) == 0

    async def standing(self, user: UserRef, role: Role, place: Place) -> Sequence[Standing]:
        """The person's, and the chat's."""
        return [
            Standing(await self.of_person(user, role), await self._store.demand(user)),
            Standing(await self.of_place(place), await self._store.demand(place)),
        ]

    async def of_person(self, user: UserRef, role: Role) -> Allowance:
        return await self._changed(self._roles.get(role, NONE), [_scope(user)])

    async def of_place(self, place: Place) -> Allowance:
        return await self._changed(self._place, list(scopes_of(place)))

    async def set(
        self, of: UserRef | Place, name: str, value: str | None, by: UserRef
    ) -> SettingChange:
        """None goes back to the config's. Raises CommandError for a value that can't be."""
        stored = None if value is None else json.dumps(VALUE.parse(value))
        return await self._store.change(_scope(of), f"{KIND}/{name}", stored, by)

    async def _changed(self, allowance: Allowance, scopes: Sequence[str]) -> Allowance:
        """By what was set from chat, the innermost last."""
        kept = await self._store.kept(scopes, KIND)
        for scope in scopes:
            known = {name: json.loads(v) for name, v in kept[scope].items() if name in NAMES}
            allowance = replace(allowance, **known)
        return allowance

    async def _within(self, of: UserRef | Place, allowance: Allowance, user: UserRef) -> None:
        if allowance.tokens_per_day is None and allowance.waiting is None:
            return
        demand = await self._store.demand(of)
        if allowance.tokens_per_day is not None and demand.tokens >= allowance.tokens_per_day:
            wait = until_tomorrow(utcnow())
            raise await self._limited(user, texts.day_is_spent(wait, own=of == user), wait)
        if allowance.waiting is not None and demand.turns >= allowance.waiting:
            raise await self._limited(user, texts.too_many_turns(demand.turns), AGAIN)

    async def _limited(self, user: UserRef, told: str, wait: float) -> Limited:
        fresh = await self._store.once(f"limited {user}", timedelta(seconds=wait))
        return Limited(told, fresh=fresh)


def until_tomorrow(now: datetime) -> float:
    """Seconds."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - now).total_seconds()


def _name(of: UserRef | Place) -> str:
    return str(of) if isinstance(of, UserRef) else f"chat {of.adapter}:{of.chat}"


def _scope(of: UserRef | Place) -> str:
    """A chat's are among its settings; a person's are not among the person's own, which the person
    may have forgotten."""
    if isinstance(of, UserRef):
        return f"limits:{of}"
    return f"chat:{of.adapter}:{of.chat}"
