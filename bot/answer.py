"""One turn, from the stored message to the stored and delivered reply."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import structlog

from bot import buttons, texts
from bot.chat import Chat, notice_of
from bot.delivery.draft import ButtonSet, Draft
from bot.delivery.view import ReplyView
from bot.effective import Effective
from bot.engine import Stream
from bot.errors import EngineError, StoreError
from bot.generation import generate
from bot.lanes import Job, asker
from bot.language import speaking
from bot.store import Reply
from bot.types import Chunk, Control, Limits, Message, TurnState, Usage, Waiting

log = structlog.get_logger(__name__)

LONG = timedelta(days=30)


class TurnAnswer:
    """A turn while it is being answered. `draft` is what is known of the reply right now."""

    def __init__(self, chat: Chat, job: Job):
        self.turn = job.turn
        self.over = asyncio.Event()
        self.draft = Draft(TurnState.QUEUED, job.said.text, job.said.reasoning)
        self._chat = chat
        self._job = job
        self._usage: Usage | None = None
        self._control = Control()
        self._generation: asyncio.Task[None] | None = None
        self._stopped: tuple[TurnState, texts.Text | None] | None = None
        self._quiet = False
        self._left_out = 0

    def stop(self, state: TurnState, why: texts.Text | None = None) -> None:
        """Once the generation is over there is nothing left to stop."""
        self._stopped = (state, why)
        if self._generation is not None:
            self._generation.cancel()

    def withdraw(self) -> None:
        """The question is gone: end soon, and say nothing where nothing was said yet."""
        self._quiet = True
        self.stop(TurnState.CANCELLED, texts.QUESTION_GONE)

    def give_way(self) -> None:
        """To another answer: as `withdraw`."""
        self._quiet = True
        self.stop(TurnState.CANCELLED)

    def answer_now(self) -> None:
        self._control.answer_now = True

    async def run(self) -> None:
        with structlog.contextvars.bound_contextvars(turn=self.turn.id):
            try:
                await self._chat.learn(self.turn)
                with speaking(*await self._chat.languages(self.turn)):
                    await self._run()
            except Exception:
                log.exception("turn failed")
            finally:
                self.over.set()

    async def _run(self) -> None:
        chat, turn = self._chat, self.turn
        log.debug("turn begun", adapter=turn.key.adapter, text=turn.message.text)
        effective = await chat.settings.effective(turn.place)
        presenter = chat.presenters[turn.place.adapter]
        async with presenter.reply(
            turn,
            effective.thinking,
            buttons=await self._buttons(presenter.limits),
            posts=self._job.posts if presenter.limits.edit else (),
            on_posted=chat.remember_posts(turn),
        ) as view:
            await self._generate(effective, view)
            await chat.keep(turn, self.draft, self._spent)
            if self._quiet and self.draft.state is TurnState.CANCELLED and not view.posts:
                await chat.store.delivered(turn)
            else:
                await chat.deliver(turn, view, self.draft)
        said = Reply(self.draft.text, self.draft.reasoning, self.draft.finish, self._spent)
        await chat.hooks.reply(replace(turn, state=self.draft.state), said)
        log.debug("turn said", text=said.text, reasoning=said.reasoning)
        log.info("turn ended", state=self.draft.state, tokens=self._spent.text_tokens)

    @property
    def _spent(self) -> Usage:
        """What the engine told at its end; of an answer that was stopped, what came."""
        draft = self.draft
        return self._usage or Usage(
            reasoning_tokens=draft.reasoning_tokens, text_tokens=draft.text_tokens
        )

    async def _buttons(self, limits: Limits) -> ButtonSet | None:
        if not limits.buttons:
            return None
        drafts = limits.drafts_in(self.turn.place)
        return await buttons.under_way(self.turn, self._chat.store, drafts=drafts)

    # --- the generation and its end ------------------------------------------------------------

    async def _generate(self, effective: Effective, view: ReplyView) -> None:
        """Afterwards the draft is an ended one."""
        async with asyncio.TaskGroup() as group:
            saver = group.create_task(self._save_regularly())
            self._generation = group.create_task(self._speak(effective, view))
            if self._stopped is not None:
                self._generation.cancel()
            await asyncio.wait([self._generation])
            saver.cancel()
        if not self.draft.state.ended:
            state, why = self._stopped or (TurnState.CANCELLED, None)
            self._end(state, why() if why else notice_of(state))

    async def _speak(self, effective: Effective, view: ReplyView) -> None:
        self.draft = replace(self.draft, started=asyncio.get_running_loop().time())
        try:
            async with aclosing(self._items(effective)) as items:
                async for item in items:
                    self._take(item)
                    if not self.draft.state.ended:  # the end is stored first, then shown
                        view.show(self.draft)
                    if view.failure is not None:
                        return self._end(TurnState.FAILED, str(view.failure))
            await self._tell_what_was_left_out()
        except (EngineError, StoreError) as error:
            log.warning("generation broke off", why=str(error))
            self._break_off(texts.told(error))
        except Exception:
            log.exception("generation failed")
            self._break_off(texts.FAILED())

    async def _items(self, effective: Effective) -> Stream:
        """In line behind the person's other turns, then in the engine's line, then answering."""
        with self._chat.turnstile.ticket(asker(self.turn)) as ticket:
            async with aclosing(ticket.line()) as line:
                async for place in line:
                    yield place
            async with aclosing(self._generated(effective)) as items:
                async for item in items:
                    if isinstance(item, Chunk):
                        ticket.begin()
                    yield item

    async def _generated(self, effective: Effective) -> Stream:
        chat, said = self._chat, self._job.said
        history = await chat.store.history_before(self.turn, chat.options.history_messages)
        prompt = await chat.prompts.build(
            self.turn.key, effective.system_prompt, history, effective.sampling.max_new_tokens
        )
        self._left_out = prompt.left_out
        goes_on = (Message("assistant", said.text),) if said.text else ()
        params = replace(effective.sampling, thinking=effective.thinking != "off")
        stream = generate(
            chat.engine,
            (*prompt.messages, *goes_on),
            params,
            self._control,
            chat.options.patience,
        )
        async with aclosing(stream):
            async for item in stream:
                yield item

    async def _tell_what_was_left_out(self) -> None:
        """Once a conversation, not with every reply from then on."""
        if self._left_out and not self.draft.notice:
            key = self.turn.key
            what = f"left out {key.adapter} {key.chat} {key.thread}"
            if await self._chat.store.once(what, LONG):
                self.draft = replace(self.draft, notice=texts.LEFT_OUT())

    def _take(self, item: Waiting | Chunk) -> None:
        if isinstance(item, Waiting):
            now = asyncio.get_running_loop().time()
            self.draft = replace(self.draft, waiting=item, started=now)
            return
        self.draft = advanced(self.draft, item)
        if item.finish is not None:
            self._usage = item.usage or Usage()
            self._end(TurnState.DONE, notice_of(TurnState.DONE, item.finish))

    def _break_off(self, why: str) -> None:
        """A started reply cannot become an error reply."""
        if self.draft.text:
            self._end(TurnState.INTERRUPTED, texts.CUT_BY_ERROR())
        else:
            self._end(TurnState.FAILED, why)

    def _end(self, state: TurnState, notice: str) -> None:
        self.draft = replace(self.draft, state=state, notice=notice, waiting=None)

    # --- what is kept meanwhile ------------------------------------------------------------------

    async def _save_regularly(self) -> None:
        """A checkpoint that fails is made up for by the next one."""
        kept = self.draft
        while True:
            await asyncio.sleep(self._chat.options.checkpoint_seconds)
            if self.draft is kept or self.draft.state.ended:
                continue
            kept = self.draft
            try:
                reply = Reply(kept.text, kept.reasoning)
                await self._chat.store.checkpoint(self.turn, kept.state, reply)
            except StoreError as error:
                log.warning("checkpoint failed", why=str(error))


def advanced(draft: Draft, chunk: Chunk) -> Draft:
    if chunk.kind == "reasoning":
        return replace(
            draft,
            state=TurnState.THINKING,
            reasoning=draft.reasoning + chunk.text,
            reasoning_tokens=draft.reasoning_tokens + chunk.tokens,
            waiting=None,
            finish=chunk.finish,
        )
    return replace(
        draft,
        state=TurnState.ANSWERING,
        text=draft.text + chunk.text,
        text_tokens=draft.text_tokens + chunk.tokens,
        waiting=None,
        finish=chunk.finish,
    )
