"""What people say: kept for an answer, kept as context, or passed over."""

from __future__ import annotations

from datetime import timedelta

from bot import texts
from bot.attachments import opened, unreadable
from bot.beside import Beside
from bot.commands import Services
from bot.errors import CommandError
from bot.language import speaking
from bot.limits import Limited
from bot.reception import Reception
from bot.store import TurnRecord
from bot.types import (
    Deleted,
    Edited,
    Message,
    Place,
    Post,
    Received,
    RespondMode,
    Role,
    UserRef,
    utcnow,
)


class Hearing:
    """`max_age` is that of a message that is still answered."""

    def __init__(
        self, services: Services, reception: Reception, beside: Beside, max_age: timedelta
    ):
        self._services = services
        self._store, self._lanes = services.store, services.lanes
        self._reception = reception
        self._beside = beside
        self._max_age = max_age

    async def received(self, event: Received) -> None:
        place, message = event.place, event.message
        if message.author is None:
            return
        settings = await self._services.settings.effective(place)
        if wants_answer(event, settings.respond):
            with speaking(*await self._services.settings.languages(place, message.author)):
                await self._asked(place, message, message.author)
        elif settings.context == "window":
            await self._overheard(place, opened(message), message.author)

    async def edited(self, event: Edited) -> None:
        """The last question is answered anew in place; what is further back changes the context."""
        turn = await self._store.edit(event.place, event.id, event.text)
        if turn is not None and (record := await self._store.turn(turn.id)) is not None:
            await self._beside.do(event.place.adapter, self._answer_anew, event.place, record)

    async def deleted(self, event: Deleted) -> None:
        await self._store.remove(event.place, event.ids)
        self._lanes.forget(event.place.key, event.ids)

    async def _asked(self, place: Place, message: Message, author: UserRef) -> None:
        role = await self._reception.role(author, place)
        if role < Role.USER:
            await self._reception.tell_soon(place, await self._reception.turned_away(author, role))
            return
        await self._say_what_cant_be_read(place, message)
        said = opened(message)
        if said.text.strip():
            await self._keep(place, said, role)
        elif not message.attachments:
            await self._reception.tell_soon(place, Post(texts.EMPTY(), reply_to=message.id))

    async def _keep(self, place: Place, message: Message, role: Role) -> None:
        """For an answer, unless it is too old for one."""
        if utcnow() - message.time > self._max_age:
            await self._services.intake.overhear(place, message)
            return
        try:
            await self._services.intake.take(place, message, role)
        except CommandError as error:
            if not isinstance(error, Limited) or error.fresh:
                await self._reception.tell_soon(place, Post(texts.told(error), reply_to=message.id))

    async def _overheard(self, place: Place, message: Message, author: UserRef) -> None:
        """As context of what will be asked."""
        role = await self._reception.role(author, place)
        if role >= Role.USER and message.text.strip():
            await self._services.intake.overhear(place, message)

    async def _say_what_cant_be_read(self, place: Place, message: Message) -> None:
        names = unreadable(message)
        if names and await self._reception.is_new(place, f"files of {message.id}"):
            await self._reception.tell_soon(
                place, Post(texts.cant_read(names), reply_to=message.id)
            )

    async def _answer_anew(self, place: Place, record: TurnRecord) -> None:
        """The network doesn't say who edited; whose question it is has been admitted before."""
        if (author := record.turn.message.author) is not None:
            role = await self._reception.role(author, place)
            if role is Role.BLOCKED:
                return
            await self._services.gate.admit(author, max(role, Role.USER), place)
        await self._lanes.regenerate(record)


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
