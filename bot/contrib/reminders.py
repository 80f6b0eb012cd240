"""The plugin `reminders`: the bot comes back to something at its time, after a restart too.

/remind 20m tea        /remind 1d12h renew the certificate
/reminders             /unremind 3
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

import structlog
from pydantic import Field

from bot.commands import Call
from bot.errors import CommandError, DeliveryError, StoreError, Unavailable
from bot.hooks import Running
from bot.registry import Registry
from bot.section import Section
from bot.store import Store
from bot.types import CommandSpec, Parameter, Place, Post, UserRef, utcnow

log = structlog.get_logger(__name__)

LONGEST_SLEEP = 60.0
"""Seconds between two looks at the clock, which may jump."""
FARTHEST = timedelta(days=366)
UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
SPAN = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.IGNORECASE)


class RemindersConfig(Section):
    per_person: Annotated[int, Field(ge=1, le=1000)] = 20
    """How many one person may have open."""


@dataclass(frozen=True, slots=True)
class Reminder:
    place: Place
    user: UserRef
    due: datetime
    what: str

    def text(self) -> str:
        return f"{self.user.name or self.user.id}, you wanted to be reminded: {self.what}"

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=datetime.isoformat)

    @classmethod
    def from_json(cls, text: str) -> Reminder:
        kept = json.loads(text)
        user = {**kept["user"], "roles": tuple(kept["user"].get("roles", ()))}
        due = datetime.fromisoformat(kept["due"])
        return cls(Place(**kept["place"]), UserRef(**user), due, kept["what"])


def span(text: str) -> timedelta:
    """Of ``90s``, ``20m``, ``1d12h``. Raises CommandError."""
    match = SPAN.fullmatch(text.strip())
    parts = dict(zip(UNITS.values(), match.groups(), strict=True)) if match else {}
    wait = timedelta(**{unit: int(number) for unit, number in parts.items() if number})
    if not timedelta() < wait <= FARTHEST:
        raise CommandError("Say in what time, up to a year, as in 20m, 2h or 1d12h.")
    return wait


class Reminders:
    def __init__(self, config: RemindersConfig, scope: str):
        self._config, self._scope = config, scope
        self._changed = asyncio.Event()
        self._door = asyncio.Lock()  # commands come side by side
        self._telling: set[str] = set()

    async def kept(self, store: Store) -> dict[str, Reminder]:
        """By number, the next one first."""
        notes: Mapping[str, str] = (await store.settings([self._scope]))[self._scope]
        kept = {number: Reminder.from_json(text) for number, text in notes.items()}
        return dict(sorted(kept.items(), key=lambda item: item[1].due))

    async def mine(self, call: Call) -> dict[str, Reminder]:
        kept = await self.kept(call.services.store)
        return {number: it for number, it in kept.items() if it.user == call.user}

    # --- commands ------------------------------------------------------------------------------

    async def remind(self, call: Call) -> Post:
        due = utcnow() + span(call.text("when"))
        reminder = Reminder(call.place, call.user, due, call.text("what"))
        async with self._door:
            number = await self._keep(call.services.store, reminder)
        self._changed.set()
        return Post(f"Reminder {number}: {_moment(due)}.")

    async def _keep(self, store: Store, reminder: Reminder) -> str:
        """Under a number that nobody has. Raises CommandError."""
        kept = await self.kept(store)
        if sum(it.user == reminder.user for it in kept.values()) >= self._config.per_person:
            raise CommandError("You have as many reminders as one may have: see /reminders.")
        number = str(max(map(int, {*kept, *self._telling}), default=0) + 1)
        await store.remember(self._scope, {number: reminder.to_json()})
        return number

    async def list_(self, call: Call) -> Post:
        mine = await self.mine(call)
        lines = [f"- {number}: {_moment(it.due)} – {it.what}" for number, it in mine.items()]
        return Post("\n".join(lines) or "You have no reminders.")

    async def unremind(self, call: Call) -> Post:
        number = str(call.arguments["number"])
        if number not in await self.mine(call):
            raise CommandError("You have no such reminder: see /reminders.")
        await call.services.store.remember(self._scope, {number: None})
        return Post(f"Reminder {number} is forgotten.")

    # --- people's rights -----------------------------------------------------------------------

    async def export(self, store: Store, user: UserRef) -> list[str]:
        return [it.to_json() for it in (await self.kept(store)).values() if it.user == user]

    async def forget(self, store: Store, user: UserRef) -> None:
        theirs = [number for number, it in (await self.kept(store)).items() if it.user == user]
        await store.remember(self._scope, dict.fromkeys(theirs))

    # --- the job -------------------------------------------------------------------------------

    async def work(self, running: Running) -> None:
        async with asyncio.TaskGroup() as telling:
            while True:
                self._changed.clear()
                wait = LONGEST_SLEEP
                try:
                    wait = await self._begin_to_tell(running, telling)
                except StoreError as error:
                    log.warning("reminders wait for the database", why=str(error))
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._changed.wait()

    async def _begin_to_tell(self, running: Running, telling: asyncio.TaskGroup) -> float:
        """All that is due, side by side: a network that is away holds up no other one. Returns the
        seconds until the next look."""
        for number, reminder in (await self.kept(running.services.store)).items():
            wait = (reminder.due - utcnow()).total_seconds()
            if wait > 0:
                return min(wait, LONGEST_SLEEP)
            if number not in self._telling:
                self._telling.add(number)
                telling.create_task(self._tell(running, number, reminder))
        return LONGEST_SLEEP

    async def _tell(self, running: Running, number: str, reminder: Reminder) -> None:
        """It is forgotten afterwards: rather twice than never."""
        try:
            await self._post(running, reminder)
            await running.services.store.remember(self._scope, {number: None})
        except (StoreError, Unavailable) as error:
            log.warning("reminder is told later", why=str(error))
        finally:
            self._telling.discard(number)

    async def _post(self, running: Running, reminder: Reminder) -> None:
        """Raises Unavailable: another attempt may succeed."""
        try:
            await running.tell(reminder.place, Post(reminder.text()))
        except Unavailable:
            raise
        except (LookupError, DeliveryError) as error:
            log.warning("reminder can't be told", why=str(error))


def _moment(due: datetime) -> str:
    return due.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def setup(registry: Registry) -> None:
    reminders = Reminders(registry.options(RemindersConfig), registry.scope)
    when = Parameter("when", "in what time: 20m, 2h, 1d12h")
    what = Parameter("what", "of what")
    number = Parameter("number", "its number", type="integer", minimum=1)
    registry.command(
        CommandSpec("remind", "be reminded of something", (when, what)), reminders.remind
    )
    registry.command(CommandSpec("reminders", "yours", private=True), reminders.list_)
    registry.command(CommandSpec("unremind", "forget a reminder", (number,)), reminders.unremind)
    registry.job(reminders.work)
    registry.personal_data(reminders)
