"""How the core speaks through one adapter: splitting, pacing, thinking line, buttons, retries."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import structlog

from bot.adapter import Adapter
from bot.delivery import thoughts
from bot.delivery.draft import ButtonSet, Delivered, Draft
from bot.delivery.pacing import Pacer, now
from bot.delivery.screen import Note, Picture, Screen
from bot.delivery.settings import DeliverySettings
from bot.delivery.standing import Counters, OnPosted
from bot.delivery.view import ReplyView
from bot.errors import DeliveryError, RateLimited
from bot.types import Limits, Place, Post, PostRef, ThinkingMode, Turn, TurnState, UserRef

log = structlog.get_logger(__name__)


class Presenter:
    """One per adapter: all its replies share the buckets. Built inside a running loop."""

    def __init__(self, adapter: Adapter, settings: DeliverySettings | None = None):
        self.adapter = adapter
        self.settings = settings or DeliverySettings()
        self.counters = Counters()
        self._pacer = Pacer(adapter.limits)

    @property
    def limits(self) -> Limits:
        return self.adapter.limits

    @asynccontextmanager
    async def reply(
        self,
        turn: Turn,
        mode: ThinkingMode,
        *,
        buttons: ButtonSet | None = None,
        posts: Sequence[PostRef] = (),
        on_posted: OnPosted | None = None,
    ) -> AsyncIterator[ReplyView]:
        """Show a reply while it is made. `posts` are what stands of it already, to be edited;
        `on_posted` is awaited with all refs whenever they have changed.

        Leaving without `finish` leaves the network as it is.
        """
        screen = Screen(
            self.limits, mode, buttons or ButtonSet(), self.settings, reply_to=turn.message.id
        )
        key = f"{turn.id}/{turn.message.id}"
        async with self._view(turn.place, screen, key, posts, on_posted) as view:
            yield view

    async def notice(self, place: Place, post: Post | str) -> Delivered:
        """A short answer outside of a reply; split, paced and retried like one."""
        note = Note(self.limits, Post(post) if isinstance(post, str) else post)
        async with self._view(place, note, key=secrets.token_hex(8)) as view:
            return await view.finish(Draft(TurnState.DONE))

    async def thoughts(
        self, place: Place, reasoning: str, reply_to: str = "", only_for: UserRef | None = None
    ) -> Delivered:
        """What was thought, on demand."""
        post = thoughts.on_demand(reasoning, self.limits)
        return await self.notice(place, replace(post, reply_to=reply_to, only_for=only_for))

    async def take_buttons(
        self, turn: Turn, mode: ThinkingMode, posts: Sequence[PostRef], draft: Draft
    ) -> None:
        """From a reply that ended earlier and otherwise stays as it is. A single attempt: what a
        button does is decided elsewhere, this is for the looks."""
        screen = Screen(self.limits, mode, ButtonSet(), self.settings, reply_to=turn.message.id)
        shown = screen.posts(replace(draft, buttons=()), now())
        if not posts or len(shown) != len(posts):
            return
        last = max(number for number, post in enumerate(shown) if not post.files)
        await self._pacer.ready(turn.place)
        try:
            await self.adapter.edit(posts[last], shown[last])
        except RateLimited as error:
            self._pacer.flooded(turn.place, error.retry_after)
        except DeliveryError as error:
            log.info("old buttons stay", why=str(error))

    @asynccontextmanager
    async def _view(
        self,
        place: Place,
        picture: Picture,
        key: str,
        posts: Sequence[PostRef] = (),
        on_posted: OnPosted | None = None,
    ) -> AsyncIterator[ReplyView]:
        view = ReplyView(
            self.adapter,
            place,
            picture,
            self._pacer,
            self.settings,
            self.counters,
            key,
            posts,
            on_posted,
        )
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(view.run())
            try:
                yield view
            finally:
                writer.cancel()
