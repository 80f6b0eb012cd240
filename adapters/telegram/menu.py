"""The command menu: for everybody, for the administrators of groups, for owners, per language.

https://core.telegram.org/bots/api#setmycommands
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import structlog
from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
    MenuButtonCommands,
)
from telegram.error import BadRequest, TelegramError

from adapters.telegram.failures import said
from bot.types import CommandSpec, Role

log = structlog.get_logger(__name__)

MOST, LONGEST_HELP = 100, 256
SCOPES: Sequence[tuple[BotCommandScope, Role]] = (
    (BotCommandScopeDefault(), Role.USER),
    (BotCommandScopeAllPrivateChats(), Role.ADMIN),
    (BotCommandScopeAllChatAdministrators(), Role.ADMIN),
)
"""In a private chat everyone administers his own settings."""

_NAME = re.compile(r"[a-z0-9_]{1,32}")


class Menu:
    """`owners` are user ids; `strangers` those among them who have not yet spoken to the bot, and
    whose menu has to wait for that."""

    def __init__(self) -> None:
        self.commands: tuple[CommandSpec, ...] = ()
        self.owners: set[int] = set()
        self.strangers: set[int] = set()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(spec.name for spec in self.commands)

    async def show(self, bot: Bot) -> None:
        """Raises TelegramError."""
        for scope, role in SCOPES:
            await self._set(bot, scope, role)
        for owner in self.owners:
            await self._for_owner(bot, owner)
        await bot.set_chat_menu_button(menu_button=MenuButtonCommands())

    async def met(self, bot: Bot, user: int) -> None:
        """Somebody spoke to the bot in private."""
        if user not in self.strangers:
            return
        try:
            await self._for_owner(bot, user)
        except TelegramError as error:
            log.warning("owner's menu not set", why=said(error))

    async def _for_owner(self, bot: Bot, owner: int) -> None:
        try:
            await self._set(bot, BotCommandScopeChat(owner), Role.OWNER)
        except BadRequest:
            self.strangers.add(owner)
        else:
            self.strangers.discard(owner)

    async def _set(self, bot: Bot, scope: BotCommandScope, role: Role) -> None:
        languages = sorted({code for spec in self.commands for code in spec.translations})
        for language in ("", *languages):
            await bot.set_my_commands(list(self._entries(role, language)), scope, language or None)

    def _entries(self, role: Role, language: str) -> Iterator[BotCommand]:
        fitting = [s for s in self.commands if s.role <= role and _NAME.fullmatch(s.name)]
        for spec in fitting[:MOST]:
            text = spec.translations.get(language, spec.help)
            yield BotCommand(spec.name, text[:LONGEST_HELP] or spec.name)
