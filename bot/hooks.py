"""Every place where a plugin can take part, on one page, and the guard around each.

A hook that raises, or takes longer than `LONGEST`, is named in the log and passed over; after
`FAILURES` times in a row it is left out until the next start. None ever breaks a turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, ParamSpec, TypeVar

import structlog

from bot.commands import Command, Services
from bot.errors import CommandError, PluginError
from bot.rights import PersonalData as PersonalData
from bot.store import Reply
from bot.types import Message, Place, Post, Turn

log = structlog.get_logger(__name__)

SLOW, LONGEST = 1.0, 10.0
"""Seconds: longer is told in the log; longer still is a failure."""
FAILURES = 3

# --- what a plugin may register ------------------------------------------------------------------

OnMessage = Callable[[Place, Message], Awaitable[Message | None]]
"""Before a question is kept and answered: returns what to keep instead, None for no change.
Raising CommandError refuses the question with that sentence. Runs again if the network delivers
the question again."""

OnReply = Callable[[Turn, Reply], Awaitable[None]]
"""After a reply has ended, however it did, and stands in the network."""


@dataclass(frozen=True, slots=True)
class Running:
    """The bot, for a job. `tell` posts at a place; it raises LookupError for a network that is
    not served, and whatever the Adapter's `send` does."""

    services: Services
    tell: Callable[[Place, Post], Awaitable[None]]


Job = Callable[[Running], Awaitable[None]]
"""Begins with the bot and is cancelled at its end. It may return; raising ends it."""

# … and `PersonalData`, of a plugin that keeps something of people by itself.

# --- how they are run ----------------------------------------------------------------------------

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(slots=True)
class Guarded(Generic[P, R]):
    plugin: str
    kind: str
    hook: Callable[P, Awaitable[R]]
    failures: int = 0

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R | None:
        """Raises CommandError, which is no failure; None where it failed or is left out."""
        if self.failures >= FAILURES:
            return None
        clock = asyncio.get_running_loop().time
        start = clock()
        try:
            async with asyncio.timeout(LONGEST):
                result = await self.hook(*args, **kwargs)
        except CommandError:
            raise
        except Exception as error:
            self._failed(error)
            return None
        self.failures = 0
        if (seconds := clock() - start) > SLOW:
            log.warning("plugin is slow", plugin=self.plugin, hook=self.kind, seconds=seconds)
        return result

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        why = f"its {self.kind} failed: {type(error).__name__}: {error}"
        if self.failures >= FAILURES:
            why += f"; after {FAILURES} times in a row it is left out until the next start"
        log.error(str(PluginError(self.plugin, why)), exc_info=error)


@dataclass(slots=True)
class Hooks:
    """All that was registered, in the order of the config."""

    commands: list[Command] = field(default_factory=list)
    on_message: list[Guarded[[Place, Message], Message | None]] = field(default_factory=list)
    on_reply: list[Guarded[[Turn, Reply], None]] = field(default_factory=list)
    jobs: list[tuple[str, Job]] = field(default_factory=list)
    personal: dict[str, PersonalData] = field(default_factory=dict)

    async def message(self, place: Place, message: Message) -> Message:
        """Raises CommandError where a hook refuses it."""
        for hook in self.on_message:
            message = await hook(place, message) or message
        return message

    async def reply(self, turn: Turn, reply: Reply) -> None:
        for hook in self.on_reply:
            try:
                await hook(turn, reply)
            except CommandError as error:  # nobody is left to be told
                log.warning("reply is over", plugin=hook.plugin, why=str(error))

    async def work(self, running: Running) -> None:
        """All jobs, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for plugin, job in self.jobs:
                group.create_task(_guarded(plugin, job, running))


async def _guarded(plugin: str, job: Job, running: Running) -> None:
    try:
        await job(running)
    except Exception as error:
        why = f"its job failed and is over: {type(error).__name__}: {error}"
        log.error(str(PluginError(plugin, why)), exc_info=error)
