"""The border to a network: what an adapter must do, and the door that events come in by.

An adapter is a class under the entry-point group ``chinwag.adapters``. It never splits, paces,
retries or formats reasoning: the core does that once, for all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel

from bot.section import Secret as Secret
from bot.section import Section as Section
from bot.types import CommandSpec, Event, Limits, Place, Post, PostRef, Role, UserRef


class Inbox(Protocol):
    async def put(self, event: Event) -> None:
        """Return once the event is stored: what the network redelivers later is recognised.

        Waits while the core is full. Raises StoreError when the event could not be kept, and
        then the network must not be told that it arrived.
        """


class Adapter(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def limits(self) -> Limits: ...

    async def run(self, inbox: Inbox) -> None:
        """Serve until cancelled, reconnecting by itself; return when the network is over for good
        (the end of a terminal's input). Raises TokenRefused."""

    # Each of these raises RateLimited, Gone, Forbidden, TooLong, Refused or Unavailable, and
    # never swallows one.

    async def send(self, place: Place, post: Post) -> PostRef: ...

    async def edit(self, ref: PostRef, post: Post) -> PostRef | None:
        """Returns the post's new ref where the network gave it one (a draft became a message).
        An edit that changes nothing is none, and no failure."""

    async def delete(self, ref: PostRef) -> None: ...

    async def typing(self, place: Place) -> None: ...

    async def role(self, user: UserRef, place: Place) -> Role:
        """The network's own idea: ADMIN for those who administer the place, else USER; OWNER only
        where whoever can speak owns this process, as at its terminal."""

    async def publish(self, commands: Sequence[CommandSpec]) -> None:
        """Show these commands in the network's own menus and completion."""


class AdapterFactory(Protocol):
    """What the entry point names, an adapter's class as a rule. Building does no I/O."""

    @property
    def Config(self) -> type[BaseModel]:  # noqa: N802 – a class by nature
        """What stands under ``adapters.<name>``: best a `Section`, a token in it a `Secret`."""

    def __call__(self, config: Any) -> Adapter:
        """From a validated `Config`."""


@runtime_checkable
class KnowsOwners(Protocol):
    """An adapter whose menu of commands can be another for each person."""

    def know_owners(self, owners: Sequence[UserRef]) -> None:
        """Before `publish`: whom the config names as owners on this network."""


class Memory(Protocol):
    """Short notes of an adapter that last over restarts."""

    async def recall(self) -> Mapping[str, str]:
        """All of them. Raises StoreError."""

    async def remember(self, notes: Mapping[str, str | None]) -> None:
        """None forgets one. Raises StoreError."""


@runtime_checkable
class Remembering(Protocol):
    """An adapter that has to know after a restart what it knew before."""

    def give_memory(self, memory: Memory) -> None:
        """Before `publish`."""


@runtime_checkable
class Connects(Protocol):
    """An adapter that can tell whether it is connected; a service counts as started once all of
    its adapters are. One that cannot tell counts as connected from the start."""

    @property
    def connected(self) -> asyncio.Event:
        """Set while the network takes posts and delivers events (at Telegram once it has taken
        the token, at Discord from READY or RESUMED on); clear before, and from the loss of the
        connection until it is back. Cheap to read, also before `run`."""


def is_connected(adapter: Adapter) -> bool:
    """One that can't tell counts as connected."""
    return not isinstance(adapter, Connects) or adapter.connected.is_set()


@runtime_checkable
class Interactive(Protocol):
    """An adapter with a person at it who can end the program."""

    @property
    def interrupted(self) -> bool:
        """Whether `run` returned because they asked for that, and not at the input's end."""


Suggest = Callable[[Place, str, str], Awaitable[Sequence[str]]]
"""From a place, a parameter's `suggestions` and what is typed of it, to what it may become."""


@runtime_checkable
class Suggests(Protocol):
    """An adapter that completes a parameter while it is typed."""

    def suggest_from(self, suggest: Suggest) -> None:
        """Before `publish`."""
