"""One turn, from the stored message to the stored and delivered reply."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog

from bot import buttons, texts
from bot.chat import Chat
from bot.delivery.draft import ButtonSet
from bot.delivery.view import ReplyView
from bot.errors import StoreError
from bot.lanes import Job
from bot.language import speaking
from bot.patience import patiently
from bot.types import Limits, Post, TurnState
from bot.writing import Writing

log = structlog.get_logger(__name__)


class TurnAnswer:
    """A turn while it is being answered: bot.lanes.Answer."""

    def __init__(self, chat: Chat, job: Job):
        self.turn = job.turn
        self.over = asyncio.Event()
        self._chat = chat
        self._posts = job.posts
        self._writing = Writing(chat, job)
        self._languages: tuple[str, ...] = ()
        self._quiet = False

    def stop(self, state: TurnState) -> None:
        self._writing.stop(state)

    def withdraw(self) -> None:
        self._quiet = True
        self._writing.stop(TurnState.CANCELLED, texts.QUESTION_GONE)

    def give_way(self) -> None:
        self._quiet = True
        self._writing.stop(TurnState.CANCELLED)

    def answer_now(self) -> None:
        self._writing.answer_now()

    async def run(self) -> None:
        with structlog.contextvars.bound_contextvars(turn=self.turn.id):
            try:
                await self._in_their_language()
            except* StoreError as errors:
                log.warning("turn not answered", why=str(errors.exceptions[0]))
                await self._apologise(texts.MEMORY_AWAY)
            except* Exception:
                log.exception("turn failed")
                await self._apologise(texts.FAILED)
            finally:
                self.over.set()

    async def _in_their_language(self) -> None:
        await self._chat.learn(self.turn)
        self._languages = await patiently(lambda: self._chat.languages(self.turn))
        with speaking(*self._languages):
            await self._answer()

    async def _answer(self) -> None:
        chat, turn, writing = self._chat, self.turn, self._writing
        log.debug("turn begun", adapter=turn.key.adapter, text=turn.message.text)
        effective = await patiently(lambda: chat.settings.effective(turn.place))
        presenter = chat.presenters[turn.place.adapter]
        async with presenter.reply(
            turn,
            effective.thinking,
            buttons=await self._buttons(presenter.limits),
            posts=self._posts if presenter.limits.edit else (),
            on_posted=chat.remember_posts(turn),
        ) as view:
            await writing.run(effective, view)
            await self._keep_and_deliver(view)
        state, said = writing.draft.state, writing.reply
        await chat.hooks.reply(replace(turn, state=state), said)
        log.debug("turn said", text=said.text, reasoning=said.reasoning)
        log.info("turn ended", state=state, tokens=said.usage.text_tokens)

    async def _buttons(self, limits: Limits) -> ButtonSet | None:
        if not limits.buttons:
            return None
        turn, store = self.turn, self._chat.store
        drafts = limits.drafts_in(turn.place)
        return await patiently(lambda: buttons.under_way(turn, store, drafts=drafts))

    async def _keep_and_deliver(self, view: ReplyView) -> None:
        chat, draft = self._chat, self._writing.draft
        await chat.keep(self.turn, draft, self._writing.reply.usage)
        if self._quiet and draft.state is TurnState.CANCELLED and not view.posts:
            await patiently(lambda: chat.store.delivered(self.turn))
        else:
            await chat.deliver(self.turn, view, draft)

    async def _apologise(self, text: texts.Text) -> None:
        """Nobody waits for ever: neither for an answer that could not be begun, nor for the end of
        one that could not be kept."""
        presenter = self._chat.presenters[self.turn.place.adapter]
        with speaking(*self._languages):
            post = Post(text(), reply_to=self.turn.message.id)
        try:
            await presenter.notice(self.turn.place, post)
        except Exception:
            log.exception("nobody could be told")
