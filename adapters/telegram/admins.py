"""Who administers a chat: asked once, remembered until Telegram says that it changed."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass

from telegram import Bot

KEPT = 600.0
"""Seconds; changes are only told to bots that are administrators themselves."""
CHATS = 1_000


@dataclass(frozen=True, slots=True)
class Known:
    users: frozenset[int]
    until: float


class Admins:
    def __init__(self) -> None:
        self._known: OrderedDict[int, Known] = OrderedDict()

    async def of(self, bot: Bot, chat: int) -> frozenset[int]:
        """Raises TelegramError."""
        known = self._known.get(chat)
        if known is None or known.until < time.monotonic():
            members = await bot.get_chat_administrators(chat)
            known = Known(frozenset(m.user.id for m in members), time.monotonic() + KEPT)
            self._known[chat] = known
            while len(self._known) > CHATS:
                self._known.popitem(last=False)
        return known.users

    def changed(self, chat: int) -> None:
        self._known.pop(chat, None)
