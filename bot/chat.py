"""What all answers share: the engine, the store, and how an ended reply is kept and delivered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog

from bot import buttons, texts
from bot.delivery.draft import Draft
from bot.delivery.presenter import Presenter
from bot.delivery.view import ReplyView
from bot.engine import Engine
from bot.errors import StoreError, Unavailable
from bot.fairness import Turnstile
from bot.hooks import Hooks
from bot.patience import patiently
from bot.prompt import PromptBuilder
from bot.settings import Settings
from bot.store import Reply, Store, TurnRecord
from bot.types import FinishReason, PostRef, Turn, TurnState, Usage

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """`checkpoint_seconds`: how much of a reply a crash may cost; `history_messages`: how many are
    read for a prompt; `patience`: seconds that a turn waits for a full or restarting engine."""

    checkpoint_seconds: float = 2.0
    history_messages: int = 200
    patience: float = 600.0


class Chat:
    def __init__(
        self,
        engine: Engine,
        store: Store,
        settings: Settings,
        presenters: Mapping[str, Presenter],
        options: ChatOptions,
        hooks: Hooks,
    ):
        self.engine = engine
        self.store = store
        self.settings = settings
        self.presenters = presenters
        self.options = options
        self.hooks = hooks
        self.turnstile = Turnstile(lambda: engine.status().room)
        self.prompts = PromptBuilder(engine, options.history_messages)

    async def keep(self, turn: Turn, draft: Draft, usage: Usage) -> None:
        """End the turn in the store, patiently: a finished answer is not lost to a lock."""
        reply = Reply(draft.text, draft.reasoning, draft.finish, usage)
        await patiently(lambda: self.store.finish(turn, draft.state, reply, draft.notice))

    async def deliver(self, turn: Turn, view: ReplyView, draft: Draft) -> None:
        """Bring the ended reply and its buttons into the network. What it can't take just now
        stays to be delivered; what it never will is settled."""
        if self.presenters[turn.place.adapter].limits.buttons:
            below = await patiently(lambda: buttons.ended(turn, self.store, draft))
            draft = replace(draft, buttons=below)
        delivered = await view.finish(draft)
        if not isinstance(delivered.failure, Unavailable):
            await patiently(lambda: self.store.delivered(turn))
        if draft.buttons:
            with suppress(StoreError):  # they are taken with the next reply
                await self._take_older_buttons(turn)

    async def _take_older_buttons(self, turn: Turn) -> None:
        presenter = self.presenters[turn.place.adapter]
        for record in await self.store.buttoned_before(turn):
            await self.store.drop_buttons(record.turn)
            effective = await self.settings.effective(record.turn.place)
            await presenter.take_buttons(
                record.turn, effective.thinking, record.posts, ended_draft(record)
            )

    async def show(self, record: TurnRecord, draft: Draft) -> None:
        """Bring a reply that ended earlier, whatever stands of it in the network, to `draft`."""
        effective = await self.settings.effective(record.turn.place)
        async with self.presenters[record.turn.place.adapter].reply(
            record.turn,
            effective.thinking,
            posts=record.posts,
            on_posted=self.remember_posts(record.turn),
        ) as view:
            await self.deliver(record.turn, view, draft)

    async def learn(self, turn: Turn) -> None:
        """The asker's language. It is no reason to fail."""
        if turn.message.author is not None:
            with suppress(StoreError):
                await self.settings.learn(turn.message.author)

    async def languages(self, turn: Turn) -> tuple[str, ...]:
        """In which to speak to whoever asked, the first wish first."""
        return await self.settings.languages(turn.place, turn.message.author)

    def remember_posts(self, turn: Turn) -> Callable[[Sequence[PostRef]], Awaitable[None]]:
        async def remember(posts: Sequence[PostRef]) -> None:
            try:
                await patiently(lambda: self.store.posted(turn, posts))
            except StoreError as error:  # at worst, a restart posts it once more
                log.warning("posts not remembered", why=str(error))

        return remember


def notice_of(state: TurnState, finish: FinishReason | None = None) -> str:
    """Why an ended reply is not all that it might be."""
    match state, finish:
        case TurnState.DONE, "length":
            return texts.CUT_BY_LENGTH()
        case TurnState.DONE, "time":
            return texts.CUT_BY_TIME()
        case TurnState.CANCELLED, _:
            return texts.STOPPED()
        case TurnState.INTERRUPTED, _:
            return texts.CUT_BY_RESTART()
        case TurnState.FAILED, _:
            return texts.FAILED()
    return ""


def ended_draft(record: TurnRecord, state: TurnState | None = None) -> Draft:
    """What a reply of the store looked like when it ended; `state` is how it ends just now."""
    reply = record.reply
    notice = record.notice if state is None else notice_of(state, reply.finish)
    ended = state or record.turn.state
    return Draft(ended, reply.text, reply.reasoning, finish=reply.finish, notice=notice)
