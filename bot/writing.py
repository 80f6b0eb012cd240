"""A reply while the engine writes it: shown as it grows, kept now and then, and ended."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import structlog

from bot import texts
from bot.chat import Chat, notice_of
from bot.delivery.draft import Draft
from bot.delivery.view import ReplyView
from bot.effective import Effective
from bot.engine import Stream
from bot.errors import EngineError, StoreError
from bot.generation import generate
from bot.lanes import Job, asker
from bot.store import Reply
from bot.types import Chunk, Control, Message, TurnState, Usage, Waiting

log = structlog.get_logger(__name__)

LONG = timedelta(days=30)


class Writing:
    """`draft` is what is known of the reply right now."""

    def __init__(self, chat: Chat, job: Job):
        self.draft = Draft(TurnState.QUEUED, job.said.text, job.said.reasoning)
        self._chat = chat
        self._turn, self._said = job.turn, job.said
        self._usage: Usage | None = None
        self._control = Control()
        self._generation: asyncio.Task[None] | None = None
        self._stopped: tuple[TurnState, texts.Text | None] | None = None
        self._left_out = 0

    @property
    def reply(self) -> Reply:
        """What was said, and what it cost: as the engine told at its end; of an answer that was
        stopped, what came."""
        draft = self.draft
        came = Usage(reasoning_tokens=draft.reasoning_tokens, text_tokens=draft.text_tokens)
        return Reply(draft.text, draft.reasoning, draft.finish, self._usage or came)

    def stop(self, state: TurnState, why: texts.Text | None = None) -> None:
        """Once the generation is over there is nothing left to stop."""
        self._stopped = (state, why)
        if self._generation is not None:
            self._generation.cancel()

    def answer_now(self) -> None:
        self._control.answer_now = True

    async def run(self, effective: Effective, view: ReplyView) -> None:
        """Afterwards the draft is an ended one."""
        async with asyncio.TaskGroup() as group:
            saver = group.create_task(self._save_regularly())
            self._generation = group.create_task(self._write(effective, view))
            if self._stopped is not None:
                self._generation.cancel()
            await asyncio.wait([self._generation])
            saver.cancel()
        if not self.draft.state.ended:
            state, why = self._stopped or (TurnState.CANCELLED, None)
            self._end(state, why() if why else notice_of(state))

    async def _write(self, effective: Effective, view: ReplyView) -> None:
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

    # --- what the engine says --------------------------------------------------------------------

    async def _items(self, effective: Effective) -> Stream:
        """In line behind the person's other turns, then in the engine's line, then answering."""
        with self._chat.turnstile.ticket(asker(self._turn)) as ticket:
            async with aclosing(ticket.line()) as line:
                async for place in line:
                    yield place
            async with aclosing(self._generated(effective)) as items:
                async for item in items:
                    if isinstance(item, Chunk):
                        ticket.begin()
                    yield item

    async def _generated(self, effective: Effective) -> Stream:
        chat, said = self._chat, self._said
        history = await chat.store.history_before(self._turn, chat.options.history_messages)
        prompt = await chat.prompts.build(
            self._turn.key, effective.system_prompt, history, effective.sampling.max_new_tokens
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

    # --- what becomes of the draft ---------------------------------------------------------------

    def _take(self, item: Waiting | Chunk) -> None:
        if isinstance(item, Waiting):
            now = asyncio.get_running_loop().time()
            self.draft = replace(self.draft, waiting=item, started=now)
            return
        self.draft = advanced(self.draft, item)
        if item.finish is not None:
            self._usage = item.usage or Usage()
            self._end(TurnState.DONE, notice_of(TurnState.DONE, item.finish))

    async def _tell_what_was_left_out(self) -> None:
        """Once a conversation, not with every reply from then on."""
        if self._left_out and not self.draft.notice:
            key = self._turn.key
            what = f"left out {key.adapter} {key.chat} {key.thread}"
            if await self._chat.store.once(what, LONG):
                self.draft = replace(self.draft, notice=texts.LEFT_OUT())

    def _break_off(self, why: str) -> None:
        """A started reply cannot become an error reply."""
        if self.draft.text:
            self._end(TurnState.INTERRUPTED, texts.CUT_BY_ERROR())
        else:
            self._end(TurnState.FAILED, why)

    def _end(self, state: TurnState, notice: str) -> None:
        self.draft = replace(self.draft, state=state, notice=notice, waiting=None)

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
                await self._chat.store.checkpoint(self._turn, kept.state, reply)
            except StoreError as error:
                log.warning("checkpoint failed", why=str(error))


def advanced(draft: Draft, chunk: Chunk) -> Draft:
    begun = replace(draft, waiting=None, finish=chunk.finish)
    if chunk.kind == "reasoning":
        return replace(
            begun,
            state=TurnState.THINKING,
            reasoning=draft.reasoning + chunk.text,
            reasoning_tokens=draft.reasoning_tokens + chunk.tokens,
        )
    return replace(
        begun,
        state=TurnState.ANSWERING,
        text=draft.text + chunk.text,
        text_tokens=draft.text_tokens + chunk.tokens,
    )
