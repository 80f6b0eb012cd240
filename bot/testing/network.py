"""An adapter whose network is a few dictionaries, as strict as Discord and Telegram are.

It enforces lengths in their unit, flood limits, "not modified", deleted messages; it can be told
to be slow, away, or to refuse; and it remembers all that people saw. Times are the event loop's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from bot.adapter import Inbox
from bot.errors import DeliveryError, Forbidden, Gone, RateLimited, Refused, Unavailable
from bot.testing.rules import Meters, content_error, looks_the_same
from bot.types import (
    CommandSpec,
    Event,
    Limits,
    Place,
    Post,
    PostRef,
    Rate,
    Role,
    UserRef,
)

Act = Literal["send", "edit", "delete", "typing"]

LIMITS = Limits(length=2000)


class FakeConfig(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NotModified(Refused):
    """Nobody sees it, so it is no failure to an adapter; the log keeps it as an error, since no
    request should have been spent on it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request, and what came of it: `error` is None where people saw the effect."""

    time: float
    act: Act
    place: Place
    id: str = ""
    post: Post | None = None
    error: DeliveryError | None = None


class FakeNetwork:
    """Program it through its attributes, at any time:

    `latency` seconds for each request; `away` while it can't be reached; `loses` the answers to so
    many posts that it takes; `forbidden` and `closed` places; `refuses`, a test for texts that it
    rejects; `fail(…)` for single errors.
    `rate` and `longest` are what it really enforces, where that differs from its limits.
    """

    Config: ClassVar[type[BaseModel]] = FakeConfig

    def __init__(
        self,
        config: BaseModel | None = None,
        *,
        name: str = "fake",
        limits: Limits = LIMITS,
        rate: Rate | None = None,
        latency: float = 0.0,
    ):
        self.name = name
        self.limits = limits
        self.rate = rate or limits.per_place
        self.latency = latency
        self.longest = limits.length
        self.away = False
        self.loses = 0
        self.forbidden: set[Place] = set()
        self.closed: set[Place] = set()
        self.refuses: Callable[[str], bool] = lambda _: False
        self.admins: set[UserRef] = set()
        self.commands: tuple[CommandSpec, ...] = ()
        self.log: list[Entry] = []
        self.events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._planned: deque[DeliveryError] = deque()
        self._messages: dict[PostRef, Post] = {}
        self._keys: dict[str, PostRef] = {}
        self._meters = Meters(limits.overall)
        self._ids = count(1)

    # --- what a test does and sees -------------------------------------------------------------

    def fail(self, error: DeliveryError, times: int = 1) -> None:
        """The next requests (typing signs apart) fail with this."""
        self._planned.extend([error] * times)

    def messages(self, place: Place) -> list[Post]:
        """What stands there now, in order."""
        return [post for ref, post in self._messages.items() if ref.place == place]

    def texts(self, place: Place) -> list[str]:
        return [post.text for post in self.messages(place)]

    def refs(self, place: Place) -> list[PostRef]:
        return [ref for ref in self._messages if ref.place == place]

    def seen(self, act: Act | None = None) -> list[Entry]:
        """What worked."""
        return [e for e in self.log if e.error is None and act in (None, e.act)]

    def errors(self, kind: type[DeliveryError] = DeliveryError) -> list[DeliveryError]:
        return [entry.error for entry in self.log if isinstance(entry.error, kind)]

    def remove(self, ref: PostRef) -> None:
        """A person deletes a message."""
        del self._messages[ref]

    def tell(self, event: Event | None) -> None:
        """Something happens in the network; None ends it for good."""
        self.events.put_nowait(event)

    # --- the adapter -----------------------------------------------------------------------------

    async def run(self, inbox: Inbox) -> None:
        while (event := await self.events.get()) is not None:
            await inbox.put(event)

    async def send(self, place: Place, post: Post) -> PostRef:
        ref = self._same(post) or PostRef(place, str(next(self._ids)))
        await self._request("send", ref, post, metered=not self._is_free(place, post))
        self._messages[ref] = post
        self._keys[post.key] = ref
        if self.loses:
            self.loses -= 1
            raise Unavailable("The answer was lost.")
        return ref

    def _same(self, post: Post) -> PostRef | None:
        """What stands there under its key already."""
        ref = self._keys.get(post.key) if post.key else None
        return ref if ref in self._messages else None

    async def edit(self, ref: PostRef, post: Post) -> None:
        await self._request("edit", ref, post, metered=not self._is_free(ref.place, post))
        self._messages[ref] = post

    async def delete(self, ref: PostRef) -> None:
        await self._request("delete", ref, None)
        del self._messages[ref]

    async def typing(self, place: Place) -> None:
        await self._request("typing", PostRef(place, ""), None, metered=False)

    async def role(self, user: UserRef, place: Place) -> Role:
        return Role.ADMIN if user in self.admins else Role.USER

    async def publish(self, commands: Sequence[CommandSpec]) -> None:
        self.commands = tuple(commands)

    # --- its rules --------------------------------------------------------------------------------

    def _is_free(self, place: Place, post: Post) -> bool:
        return self.limits.drafts_in(place) and not post.final

    async def _request(
        self, act: Act, ref: PostRef, post: Post | None, *, metered: bool = True
    ) -> None:
        await asyncio.sleep(self.latency)
        error = self._verdict(act, ref, post, metered)
        self.log.append(Entry(now(), act, ref.place, ref.id, post, error))
        if error is not None and not isinstance(error, NotModified):
            raise error

    def _verdict(
        self, act: Act, ref: PostRef, post: Post | None, metered: bool
    ) -> DeliveryError | None:
        if self.away:
            return Unavailable("The network can't be reached.")
        if metered and (wait := self._meters.count(ref.place, self.rate, now())) > 0:
            return RateLimited(wait)
        if self._planned and act != "typing":
            return self._planned.popleft()
        return self._about_place(ref.place) or self._about_message(act, ref, post)

    def _about_place(self, place: Place) -> DeliveryError | None:
        if place in self.closed:
            return Gone("The channel is no more.")
        if place in self.forbidden:
            return Forbidden("The bot may not write here.")
        return None

    def _about_message(self, act: Act, ref: PostRef, post: Post | None) -> DeliveryError | None:
        if act in ("edit", "delete") and ref not in self._messages:
            return Gone("The message is no more.")
        if post is None:
            return None
        if act == "edit" and not self.limits.edit:
            return Refused("This network has no edits.")
        if act == "edit" and self._is_same(ref, post):
            return NotModified("The message is not modified.")
        if self.refuses(post.text):
            return Refused("The network rejects this text.")
        return content_error(post, self.limits, self.longest)

    def _is_same(self, ref: PostRef, post: Post) -> bool:
        """The end of a draft is a change, though its text stays."""
        old = self._messages[ref]
        ended = self.limits.drafts_in(ref.place) and old.final != post.final
        return not ended and looks_the_same(old, post)


def now() -> float:
    return asyncio.get_running_loop().time()
