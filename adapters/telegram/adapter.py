"""The adapter: one connection to Telegram, its updates going in, the core's posts going out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import structlog
from telegram import error
from telegram.error import BadRequest, TelegramError

from adapters.telegram.admins import Admins
from adapters.telegram.albums import Albums
from adapters.telegram.attachments import Attachments
from adapters.telegram.client import App, build
from adapters.telegram.clock import ClockWatch
from adapters.telegram.config import TelegramConfig, WebhookConfig
from adapters.telegram.failures import LONGEST_TEXT, NO_METHOD, is_about, said, typed
from adapters.telegram.handlers import Handlers
from adapters.telegram.menu import Menu
from adapters.telegram.outbox import Outbox
from adapters.telegram.patience import persistently
from adapters.telegram.polling import Poller
from adapters.telegram.probe import probe
from adapters.telegram.reading import NAME
from adapters.telegram.webhook import announce, listening
from bot.adapter import Inbox
from bot.errors import Forbidden, Gone
from bot.types import CommandSpec, Finding, Limits, Place, Post, PostRef, Rate, Role, Unit, UserRef

log = structlog.get_logger(__name__)

LIMITS = Limits(
    length=LONGEST_TEXT,
    unit=Unit.UTF16,
    edit_interval=1.0,
    per_place=Rate(burst=3, seconds=1.0),
    per_group=Rate(burst=3, seconds=3.5),
    overall=Rate(burst=2, seconds=1 / 28),
    draft_interval=0.6,
    file_bytes=50 * 1024 * 1024,
    threads=True,
    collapsible=True,
    draft="private",
)
"""A little calmer than https://core.telegram.org/bots/faq#my-bot-is-hitting-limits."""


class Telegram:
    Config: ClassVar[type[TelegramConfig]] = TelegramConfig
    name = NAME

    def __init__(self, config: TelegramConfig):
        self.limits = LIMITS if config.drafts else replace(LIMITS, draft=False)
        self._config = config
        self._admins, self._albums = Admins(), Albums()
        self._menu, self._clock = Menu(), ClockWatch()
        self.connected = asyncio.Event()

    @cached_property
    def _app(self) -> App:
        return build(self._config, self._config.token.reveal(), self._clock)

    @cached_property
    def _outbox(self) -> Outbox:
        return Outbox(self._app.bot, drafts=self.limits.draft == "private")

    # --- in ------------------------------------------------------------------------------------

    async def run(self, inbox: Inbox) -> None:
        handlers = Handlers(
            inbox,
            Attachments(self._config),
            self._albums,
            self._admins,
            self._menu,
            self._clock,
        )
        handlers.register(self._app)
        try:
            await persistently(self._app.initialize)
            await persistently(self._learn_drafts)
            self.connected.set()
            log.info("telegram connected", bot=self._app.bot.username)
            await self._show_menu()
            await self._listen(self._config.webhook)
        finally:
            self.connected.clear()
            await self._app.shutdown()
            await self._app.bot.shutdown()  # which the above leaves out if it never connected

    async def probe(self) -> Sequence[Finding]:
        return await probe(self._app.bot, self._config, self._clock)

    async def _listen(self, webhook: WebhookConfig | None) -> None:
        bot, process = self._app.bot, self._app.process_update
        if webhook is None:
            await persistently(bot.delete_webhook)
            await Poller(bot, process, self._albums, self.connected).run()
            return
        async with listening(bot, process, webhook) as secret:
            while True:  # tells Telegram again each hour, and so notices a revoked token
                await persistently(lambda: announce(bot, webhook, secret))
                await asyncio.sleep(3600)

    async def _show_menu(self) -> None:
        try:
            await self._menu.show(self._app.bot)
        except TelegramError as failure:  # messages do not wait for a menu
            log.warning("command menu not set", why=said(failure))

    async def _learn_drafts(self) -> None:
        """Self-hosted servers may be older than drafts."""
        if self.limits.draft != "private":
            return
        try:
            await self._app.bot.send_message_draft(self._app.bot.id, 0, "")
        except (BadRequest, error.Forbidden):  # known, and rightly refused
            return
        except error.InvalidToken as unknown:
            if not is_about(unknown, NO_METHOD):
                raise
            log.info("this Bot API server knows no message drafts: answers grow by edits")
            self.limits = replace(self.limits, draft=False)
            self._outbox.drafts = False

    # --- out -----------------------------------------------------------------------------------

    async def send(self, place: Place, post: Post) -> PostRef:
        return await self._outbox.send(place, post)

    async def edit(self, ref: PostRef, post: Post) -> PostRef | None:
        return await self._outbox.edit(ref, post)

    async def delete(self, ref: PostRef) -> None:
        await self._outbox.delete(ref)

    async def typing(self, place: Place) -> None:
        await self._outbox.typing(place)

    async def role(self, user: UserRef, place: Place) -> Role:
        """In a private chat everyone administers; in a group its administrators do, also those
        that stay anonymous and speak as the group."""
        if place.private or user.id == place.chat:
            return Role.ADMIN
        try:
            with typed():
                admins = await self._admins.of(self._app.bot, int(place.chat))
        except (Forbidden, Gone):  # out of the group: nobody's word counts there
            return Role.USER
        return Role.ADMIN if int(user.id) in admins else Role.USER

    async def publish(self, commands: Sequence[CommandSpec]) -> None:
        """Shown once `run` is connected."""
        self._menu.commands = tuple(commands)
        if self.connected.is_set():
            with typed():
                await self._menu.show(self._app.bot)

    @property
    def plain_fallbacks(self) -> int:
        """How many texts went out plain because Telegram refused their formatting."""
        return self._outbox.plain_fallbacks

    def know_owners(self, owners: Sequence[UserRef]) -> None:
        """Whose menu has the owner's commands."""
        self._menu.owners = {int(owner.id) for owner in owners if owner.id.isdigit()}
