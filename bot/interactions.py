"""Commands and buttons: each is done once, beside the networks' events."""

from __future__ import annotations

from dataclasses import replace

import structlog

from bot import texts
from bot.beside import Beside
from bot.commands import Services
from bot.errors import CommandError, EngineError, StoreError
from bot.language import speaking
from bot.limits import Limited
from bot.presses import Presses
from bot.reception import Reception
from bot.types import Invoked, Post, Pressed, Role

log = structlog.get_logger(__name__)


class Interactions:
    def __init__(self, services: Services, reception: Reception, beside: Beside, presses: Presses):
        self._services = services
        self._commands = services.commands
        self._reception = reception
        self._beside = beside
        self._presses = presses

    async def invoked(self, event: Invoked) -> None:
        """A question that a command asks is kept before the network is told that it arrived, as
        one that is said is; then a second delivery does no harm."""
        with speaking(*await self._services.settings.languages(event.place, event.user)):
            if self._commands.asks(event.command):
                await self._reception.tell_soon(event.place, await self._carried_out(event))
            elif await self._reception.is_new(event.place, event.id):
                await self._beside.do(event.place.adapter, self._command, event)

    async def pressed(self, event: Pressed) -> None:
        with speaking(*await self._services.settings.languages(event.place, event.user)):
            if await self._reception.is_new(event.place, event.id):
                await self._beside.do(event.place.adapter, self._press, event)

    async def _command(self, event: Invoked) -> None:
        try:
            answer = await self._carried_out(event)
        except StoreError as error:
            log.warning("command failed", command=event.command, why=str(error))
            answer = Post(texts.told(error), reply_to=event.id, only_for=event.user)
        if answer is not None:
            await self._reception.tell(event.place, answer)

    async def _carried_out(self, event: Invoked) -> Post | None:
        """What to answer. Raises StoreError."""
        role = await self._reception.role(event.user, event.place)
        if role >= Role.USER or await self._is_for_guest(event, role):
            answer = await self._run(event, role)
        else:
            answer = await self._reception.refused(event.user, event.place, role)
        if answer is None or answer.reply_to:
            return answer
        return replace(answer, reply_to=event.id)

    async def _run(self, event: Invoked, role: Role) -> Post | None:
        try:
            answer = await self._commands.run(event, role, self._services)
        except (CommandError, EngineError) as error:
            return Post(texts.told(error), only_for=event.user)
        except StoreError:
            raise
        except Exception:
            log.exception("command failed", command=event.command)
            return Post(texts.FAILED(), only_for=event.user)
        is_awaited = self._reception.shows_waiting(event.place)
        if answer is None and is_awaited and not self._commands.asks(event.command):
            return Post(texts.DONE(), only_for=event.user)
        return answer

    async def _is_for_guest(self, event: Invoked, role: Role) -> bool:
        if role is not Role.GUEST or not self._commands.is_for(event.command, role):
            return False
        return await self._services.gate.admit_guest(event.user)

    async def _press(self, event: Pressed) -> None:
        role = await self._reception.role(event.user, event.place)
        if role < Role.USER:
            return
        try:
            answer = await self._presses.press(event, role)
        except CommandError as error:
            log.info("press refused", user=str(event.user), why=str(error))
            answer = Post(texts.told(error)) if self._is_worth_telling(error, event) else None
        except StoreError as error:
            log.warning("press failed", why=str(error))
            answer = Post(texts.told(error))
        except Exception:
            log.exception("press failed")
            answer = Post(texts.FAILED())
        if answer is not None:
            await self._reception.tell(event.place, replace(answer, only_for=event.user))

    def _is_worth_telling(self, error: CommandError, event: Pressed) -> bool:
        """Others would wonder at it where they see it, too."""
        if isinstance(error, Limited):
            return error.fresh
        return self._reception.shows_waiting(event.place)
