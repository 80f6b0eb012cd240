"""How anything is said: formatted where Telegram takes it, in the chat that a chat has become."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from telegram.error import BadRequest, ChatMigrated

from adapters.telegram.failures import CANT_PARSE, is_about
from adapters.telegram.rendering import Rendered, plain, render
from bot.types import Place, Post

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Speech:
    """`plain_fallbacks` counts texts whose formatting Telegram refused."""

    def __init__(self) -> None:
        self.plain_fallbacks = 0
        self._moved: dict[int, int] = {}

    async def formatted(self, post: Post, say: Callable[[Rendered], Awaitable[T]]) -> T:
        """With entities; as plain text where Telegram refuses them."""
        try:
            return await say(render(post.text, post.collapsible))
        except BadRequest as error:
            if not is_about(error, CANT_PARSE):
                raise
            self.plain_fallbacks += 1
            log.warning("formatting refused, sent as plain text", why=error.message)
            return await say(plain(post.text, post.collapsible))

    async def at(self, place: Place, call: Callable[[int], Awaitable[T]]) -> T:
        """In the chat, or in the one that it has become."""
        chat = self._moved.get(int(place.chat), int(place.chat))
        try:
            return await call(chat)
        except ChatMigrated as moved:
            self._moved[int(place.chat)] = moved.new_chat_id
            return await call(moved.new_chat_id)
