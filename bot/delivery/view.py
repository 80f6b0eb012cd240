"""One reply on its way into the network: shows the newest draft as often as it is allowed to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog

from bot.adapter import Adapter
from bot.backoff import Backoff
from bot.delivery.draft import Delivered, Draft
from bot.delivery.pacing import Pacer, now
from bot.delivery.screen import Picture
from bot.delivery.settings import DeliverySettings
from bot.delivery.standing import Counters, OnPosted, Standing, Step
from bot.errors import (
    DeliveryError,
    Gone,
    RateLimited,
    Refused,
    TooLong,
    Unavailable,
)
from bot.types import Place, PostRef, TurnState

log = structlog.get_logger(__name__)

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds between attempts at a network that can't be reached."""


class ReplyView:
    """`failure` is set once nothing more can be shown, and then there is no use in going on with
    the reply for the network's sake."""

    def __init__(
        self,
        adapter: Adapter,
        place: Place,
        picture: Picture,
        pacer: Pacer,
        settings: DeliverySettings,
        counters: Counters,
        key: str,
        posts: Sequence[PostRef] = (),
        on_posted: OnPosted | None = None,
    ):
        self.failure: DeliveryError | None = None
        self._adapter, self._place = adapter, place
        self._picture, self._pacer, self._settings = picture, pacer, settings
        self._counters = counters
        self._standing = Standing(adapter, place, picture.limits, counters, key, posts, on_posted)
        self._draft = Draft(TurnState.QUEUED)
        self._news, self._turned = asyncio.Event(), asyncio.Event()
        self._done: asyncio.Future[Delivered] = asyncio.get_running_loop().create_future()
        self._last_step = self._last_typing = float("-inf")
        self._failing_since: float | None = None
        self._ended_at = float("inf")
        self._backoff = Backoff(FIRST_WAIT, LONGEST_WAIT)
        self._quiet = False

    @property
    def posts(self) -> Sequence[PostRef]:
        """The reply's messages in order."""
        return self._standing.posts

    # --- what the turn says ------------------------------------------------------------------

    def show(self, draft: Draft) -> None:
        """Never waits. What could not be shown before the next draft is never shown."""
        if draft.state is not self._draft.state:
            self._turned.set()
        self._draft = draft
        self._news.set()

    async def finish(self, draft: Draft) -> Delivered:
        """Deliver the ended reply, however long the network makes it wait.

        Returns at once with the failure when the place is broken.
        """
        if not draft.state.ended:
            raise ValueError(f"a reply can't end while it is {draft.state}")
        self._ended_at = now()
        self.show(draft)
        return await asyncio.shield(self._done)

    # --- what the network hears --------------------------------------------------------------

    async def run(self) -> None:
        """Until the ended reply is delivered or can't be."""
        while self.failure is None:
            if (due := self._next_step()) is not None:
                await self._one_step(due)
            elif self._draft.state.ended:
                break
            else:
                await self._idle()
        self._done.set_result(Delivered(tuple(self.posts), self.failure))

    async def _one_step(self, due: Step) -> None:
        """Waits first and looks then, so that what is shown is the newest."""
        free = self._is_free(due)
        await self._rest(free)
        if not free or self._draft.state.ended:
            await self._pacer.ready(self._place, urgent=self._draft.state.ended)
        step = self._next_step()
        if step is None:
            return
        try:
            await self._standing.take(step)
        except DeliveryError as error:
            await self._handle(error, step)
        else:
            self._pacer.eased(self._place)
            self._failing_since = None
            self._backoff.reset()
        self._last_step = now()

    def _next_step(self) -> Step | None:
        if self._quiet and not self._draft.state.ended:
            return None
        return self._standing.step_to(self._picture.posts(self._draft, now()))

    # --- when ---------------------------------------------------------------------------------

    def _is_free(self, step: Step) -> bool:
        """Drafts are free of the rates, as long as the network does not complain of them."""
        if step.post is None or step.post.final or step.post.buttons:
            return False
        if not self._picture.limits.drafts_in(self._place):
            return False
        return not (self._backoff.failing or self._pacer.paused(self._place))

    async def _rest(self, free: bool) -> None:
        """Until this reply's next edit is due; a change of state is shown as soon as may be."""
        while (wait := self._last_step + self._interval(free) - now()) > 0:
            self._turned.clear()
            await self._until(self._turned, wait)

    def _interval(self, free: bool) -> float:
        if free and not self._draft.state.ended:
            return self._picture.limits.draft_interval
        match self._draft.state:
            case TurnState.QUEUED | TurnState.THINKING:
                return self._settings.thinking_every
            case TurnState.ANSWERING:
                return self._picture.limits.edit_interval
        return 0.0

    async def _idle(self) -> None:
        """Until there is news; with a sign of life for as long as there is nothing to be seen."""
        self._news.clear()
        if not self.posts and now() - self._last_typing >= self._settings.typing_every:
            self._last_typing = now()
            with suppress(DeliveryError, TimeoutError):  # it is worth neither a failure nor a wait
                async with asyncio.timeout(self._settings.typing_every):
                    await self._adapter.typing(self._place)
        await self._until(self._news, self._settings.typing_every)

    async def _until(self, event: asyncio.Event, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()

    # --- what can go wrong ---------------------------------------------------------------------

    async def _handle(self, error: DeliveryError, step: Step) -> None:
        match error:
            case RateLimited():
                self._counters.floods += 1
                self._pacer.flooded(self._place, error.retry_after)
            case Unavailable():
                self._counters.outages += 1
                await self._back_off(error)
            case TooLong() if self._picture.shrink(error.limit):
                pass
            case Gone() | Refused() if self._standing.is_inherited(step.index):
                await self._standing.forget_from(step.index)
            case Refused() if not self._draft.state.ended:
                self._quiet = True  # half a text may be refused where the whole one is not
            case _:
                self._fail(error)

    async def _back_off(self, error: Unavailable) -> None:
        if self._failing_since is None:
            self._failing_since = now()
        waited_since = max(self._failing_since, self._ended_at)
        if now() - waited_since > self._settings.give_up_after:
            self._fail(error)
            return
        await self._backoff.wait()

    def _fail(self, error: DeliveryError) -> None:
        self.failure = error
        log.warning(
            "reply not delivered",
            why=type(error).__name__,
            text=str(error),
            adapter=self._place.adapter,
            chat=self._place.chat,
        )
