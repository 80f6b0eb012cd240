"""From an event to what becomes of it: a turn in its lane, a command, a change of the history.

`put` is the Inbox: it returns once what must last is stored. What may take longer than that, an
answer to a command above all, is done beside it, by tasks that are bounded in number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import timedelta

import structlog

from bot import texts
from bot.access import Access
from bot.attachments import opened, unreadable
from bot.commands import Services
from bot.delivery.presenter import Presenter
from bot.errors import ChinwagError, CommandError
from bot.language import speaking
from bot.limits import Limited
from bot.presses import Presses
from bot.store import TurnRecord
from bot.types import (
    Deleted,
    Edited,
    Event,
    Invoked,
    Message,
    Moved,
    Place,
    Post,
    Pressed,
    Received,
    RespondMode,
    Role,
    UserRef,
    utcnow,
)

log = structlog.get_logger(__name__)

BESIDE = 64
"""How many commands and notices may be under way; beyond, the networks wait."""

REDELIVERY = timedelta(days=2)
"""Longer than any network keeps an update for delivery."""


class Dispatcher:
    def __init__(
        self,
        group: asyncio.TaskGroup,
        services: Services,
        access: Access,
        presses: Presses,
        presenters: Mapping[str, Presenter],
        max_age: timedelta,
    ):
        self._group = group
        self._services = services
        self._store, self._lanes = services.store, services.lanes
        self._access = access
        self._presses = presses
        self._presenters = presenters
        self._max_age = max_age
        self._room = asyncio.Semaphore(BESIDE)
        self._beside: set[asyncio.Task[None]] = set()

    async def put(self, event: Event) -> None:
        with speaking(*await self._languages(event)):
            await self._dispatch(event)

    async def _languages(self, event: Event) -> tuple[str, ...]:
        match event:
            case Received(place, Message(author=UserRef() as user)):
                return await self._services.settings.languages(place, user)
            case Invoked(place, user) | Pressed(place, user):
                return await self._services.settings.languages(place, user)
        return ()

    async def _dispatch(self, event: Event) -> None:
        match event:
            case Received():
                await self._received(event)
            case Invoked():
                await self._invoked(event)
            case Pressed():
                await self._pressed(event)
            case Edited():
                await self._edited(event)
            case Deleted():
                await self._store.remove(event.place, event.ids)
                self._lanes.forget(event.place.key, event.ids)
            case Moved():
                await self._store.move(event.adapter, event.old_chat, event.new_chat)

    def close(self) -> None:
        """Leave what is still under way beside."""
        for task in self._beside:
            task.cancel()

    # --- messages ------------------------------------------------------------------------------

    async def _received(self, event: Received) -> None:
        place, message = event.place, event.message
        if message.author is None:
            return
        settings = await self._services.settings.effective(place)
        wanted = wants_answer(event, settings.respond)
        if not wanted and settings.context == "asked":
            return
        role = await self._access.role(message.author, place)
        if not wanted:
            await self._overhear(place, opened(message), role)
            return
        if role < Role.USER:
            await self._turn_away(place, message.author, role)
            return
        await self._say_what_cant_be_read(place, message)
        await self._keep(place, opened(message), bool(message.attachments), role)

    async def _keep(self, place: Place, message: Message, had_files: bool, role: Role) -> None:
        """For an answer, if it is to have one."""
        if not message.text.strip():
            if not had_files:
                await self._beside_do(self._tell(place, Post(texts.EMPTY(), reply_to=message.id)))
        elif utcnow() - message.time > self._max_age:
            await self._services.intake.overhear(place, message)
        else:
            try:
                await self._services.intake.take(place, message, role)
            except CommandError as error:
                if isinstance(error, Limited) and not error.fresh:
                    return
                post = Post(texts.told(error), reply_to=message.id)
                await self._beside_do(self._tell(place, post))

    async def _overhear(self, place: Place, message: Message, role: Role) -> None:
        """As context of what will be asked."""
        if role >= Role.USER and message.text.strip():
            await self._services.intake.overhear(place, message)

    async def _say_what_cant_be_read(self, place: Place, message: Message) -> None:
        names = unreadable(message)
        if names and await self._is_new(place, f"files of {message.id}"):
            post = Post(texts.cant_read(names), reply_to=message.id)
            await self._beside_do(self._tell(place, post))

    async def _turn_away(self, place: Place, user: UserRef, role: Role) -> None:
        """One sentence a day, with the id to give to the owner; nothing for who was blocked."""
        if role is Role.GUEST and await self._store.once(f"closed {user}", timedelta(days=1)):
            await self._beside_do(self._tell(place, Post(texts.closed(user))))

    async def _edited(self, event: Edited) -> None:
        """The last question is answered anew in place; what is further back changes the context."""
        turn = await self._store.edit(event.place, event.id, event.text)
        if turn is not None and (record := await self._store.turn(turn.id)) is not None:
            await self._beside_do(self._answer_anew(event.place, record))

    async def _answer_anew(self, place: Place, record: TurnRecord) -> None:
        """The network doesn't say who edited; whose question it is has been admitted before."""
        if (author := record.turn.message.author) is not None:
            role = await self._access.role(author, place)
            if role is Role.BLOCKED:
                return
            await self._services.gate.admit(author, max(role, Role.USER), place)
        await self._lanes.regenerate(record)

    # --- commands and buttons --------------------------------------------------------------------

    async def _invoked(self, event: Invoked) -> None:
        if await self._is_new(event.place, event.id):
            await self._beside_do(self._command(event))

    async def _command(self, event: Invoked) -> None:
        role = await self._access.role(event.user, event.place)
        if role < Role.USER and not await self._is_for_guest(event, role):
            await self._refuse(event, role)
            return
        try:
            answer = await self._services.commands.run(event, role, self._services)
        except CommandError as error:
            answer = Post(texts.told(error), only_for=event.user)
        except Exception:
            log.exception("command failed", command=event.command)
            answer = Post(texts.FAILED(), only_for=event.user)
        if answer is None and self._is_awaited(event):
            answer = Post(texts.DONE(), only_for=event.user)
        if answer is not None:
            await self._tell(event.place, replace(answer, reply_to=answer.reply_to or event.id))

    async def _is_for_guest(self, event: Invoked, role: Role) -> bool:
        if role is not Role.GUEST or not self._services.commands.is_for(event.command, role):
            return False
        return await self._services.gate.admit_guest(event.user)

    def _is_awaited(self, event: Invoked) -> bool:
        """Whether the network shows that an answer is coming, where nothing else will."""
        ephemeral = self._presenters[event.place.adapter].limits.ephemeral
        return ephemeral and not self._services.commands.asks(event.command)

    async def _refuse(self, event: Invoked, role: Role) -> None:
        if self._presenters[event.place.adapter].limits.ephemeral:
            sentence = texts.closed(event.user) if role is Role.GUEST else texts.BLOCKED()
            await self._tell(event.place, Post(sentence, reply_to=event.id, only_for=event.user))
        else:
            await self._turn_away(event.place, event.user, role)

    async def _pressed(self, event: Pressed) -> None:
        if await self._is_new(event.place, event.id):
            await self._beside_do(self._press(event))

    async def _press(self, event: Pressed) -> None:
        role = await self._access.role(event.user, event.place)
        if role < Role.USER:
            return
        try:
            await self._presses.press(event, role)
        except Limited as error:
            if error.fresh:
                await self._tell(event.place, Post(texts.told(error), only_for=event.user))
        except CommandError as error:
            log.info("press refused", user=str(event.user), why=str(error))
            if self._presenters[event.place.adapter].limits.ephemeral:
                await self._tell(event.place, Post(texts.told(error), only_for=event.user))

    async def _is_new(self, place: Place, id: str) -> bool:
        """An empty id is always new."""
        return not id or await self._store.once(f"{place.adapter} {place.chat} {id}", REDELIVERY)

    # --- beside ----------------------------------------------------------------------------------

    async def _tell(self, place: Place, post: Post) -> None:
        await self._presenters[place.adapter].notice(place, post)

    async def _beside_do(self, work: Awaitable[None]) -> None:
        await self._room.acquire()
        task = self._group.create_task(self._guarded(work))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except ChinwagError as error:
            log.warning("event not carried out", why=str(error))
        except Exception:
            log.exception("event failed")
        finally:
            self._room.release()


def wants_answer(event: Received, respond: RespondMode) -> bool:
    """What is said to the bot alone always does."""
    if event.place.private:
        return True
    match respond:
        case "always":
            return True
        case "mention":
            return event.addressed
        case "command":
            return False
