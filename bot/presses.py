"""What pressing a button does: only for who asked, or may administer the place."""

from __future__ import annotations

from dataclasses import replace

from bot import texts
from bot.buttons import Action
from bot.chat import Chat, ended_draft
from bot.confirmations import Confirmations
from bot.errors import CommandError
from bot.lanes import Lanes
from bot.limits import Gate
from bot.store import TurnRecord
from bot.types import Post, Pressed, Role

ASKING = (Action.REGENERATE, Action.TRY_AGAIN, Action.CONTINUE)
"""What costs as much as a message."""


class Presses:
    def __init__(self, chat: Chat, lanes: Lanes, gate: Gate, confirmations: Confirmations):
        self._chat = chat
        self._gate = gate
        self._store = chat.store
        self._lanes = lanes
        self._confirmations = confirmations

    async def press(self, event: Pressed, role: Role) -> Post | None:
        """What to answer, if anything. Raises CommandError with what to tell whoever pressed it."""
        if (confirmed := self._confirmations.take(event.button, event.user)) is not None:
            return await confirmed()
        if event.button in self._confirmations:
            raise CommandError(texts.NOT_YOUR_BUTTON())
        await self._press_under_reply(event, role)
        return None

    async def _press_under_reply(self, event: Pressed, role: Role) -> None:
        button = await self._store.button(event.button)
        record = await self._store.turn(button.turn_id) if button else None
        if button is None or record is None:
            raise CommandError(texts.BUTTON_GONE())
        if event.user != button.owner and role < Role.ADMIN:
            raise CommandError(texts.NOT_YOUR_BUTTON())
        action = Action(button.action)
        if action in ASKING:
            await self._gate.admit(event.user, role, event.place)
            if not await self._store.use_up(event.button):  # pressed twice
                raise CommandError(texts.BUTTON_GONE())
        await self._act(action, record, event)

    async def _act(self, action: Action, record: TurnRecord, event: Pressed) -> None:
        match action:
            case Action.ANSWER_NOW:
                self._lanes.answer_now(record.turn)
            case Action.STOP | Action.CANCEL:
                self._lanes.cancel(record.turn)
            case Action.REGENERATE | Action.TRY_AGAIN:
                await self._lanes.regenerate(record)
            case Action.CONTINUE:
                await self._lanes.resume(record)
            case Action.THOUGHTS:
                await self._chat.presenters[event.place.adapter].thoughts(
                    event.place, record.reply.reasoning, event.ref.id, event.user
                )
            case Action.PREVIOUS:
                await self._leaf(record, -1)
            case Action.NEXT:
                await self._leaf(record, +1)

    async def _leaf(self, record: TurnRecord, step: int) -> None:
        """Show another variant in place; it is the one that counts as history from now on, and
        the posts and buttons are those of its turn."""
        variants = await self._store.variants(record.turn)
        if not variants.records:
            raise CommandError(texts.BUTTON_GONE())
        index = (variants.chosen + step) % len(variants.records)
        await self._store.choose(record.turn, index)
        chosen = replace(variants.records[index], posts=record.posts)
        await self._store.posted(chosen.turn, chosen.posts)
        await self._chat.show(chosen, ended_draft(chosen))
