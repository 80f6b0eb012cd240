"""Who is let in, and what those hear who are not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from bot import texts
from bot.access import Access
from bot.beside import Beside
from bot.delivery.presenter import Presenter
from bot.store import Store
from bot.types import Place, Post, Role, UserRef

DAY = timedelta(days=1)
REDELIVERY = timedelta(days=2)
"""Longer than any network keeps an update for delivery."""


class Reception:
    def __init__(
        self, access: Access, store: Store, presenters: Mapping[str, Presenter], beside: Beside
    ):
        self._access = access
        self._store = store
        self._presenters = presenters
        self._beside = beside

    async def role(self, user: UserRef, place: Place) -> Role:
        return await self._access.role(user, place)

    async def is_new(self, place: Place, id: str) -> bool:
        """False for what the network delivered before; an empty id is always new."""
        return not id or await self._store.once(f"{place.adapter} {place.chat} {id}", REDELIVERY)

    async def turned_away(self, user: UserRef, role: Role) -> Post | None:
        """One sentence a day, with the id to give to the owner; nothing for who was blocked."""
        if role is Role.GUEST and await self._store.once(f"closed {user}", DAY):
            return Post(texts.closed(user))
        return None

    async def refused(self, user: UserRef, place: Place, role: Role) -> Post | None:
        """A command; where the network shows that an answer is coming, there is one."""
        if not self.shows_waiting(place):
            return await self.turned_away(user, role)
        sentence = texts.closed(user) if role is Role.GUEST else texts.BLOCKED()
        return Post(sentence, only_for=user)

    def shows_waiting(self, place: Place) -> bool:
        """Whether a caller is shown, alone, that an answer is coming until there is one."""
        return self._presenters[place.adapter].limits.ephemeral

    async def tell(self, place: Place, post: Post) -> None:
        await self._presenters[place.adapter].notice(place, post)

    async def tell_soon(self, place: Place, post: Post | None) -> None:
        if post is not None:
            await self._beside.do(place.adapter, self.tell, place, post)
