"""Updates become the core's events; each handler returns once its event is stored."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from telegram import Bot, CallbackQuery, Message, Update
from telegram.error import TelegramError
from telegram.ext import CallbackQueryHandler, ChatMemberHandler, MessageHandler, filters

from adapters.telegram import reading
from adapters.telegram.admins import Admins
from adapters.telegram.albums import Albums
from adapters.telegram.attachments import Attachments
from adapters.telegram.client import App
from adapters.telegram.clock import ClockWatch
from adapters.telegram.menu import Menu
from adapters.telegram.reading import NAME
from bot import types
from bot.adapter import Inbox

START, PAIR = "start", "pair"


class Handlers:
    def __init__(
        self,
        inbox: Inbox,
        attachments: Attachments,
        albums: Albums,
        admins: Admins,
        menu: Menu,
        clock: ClockWatch,
    ):
        self._inbox, self._attachments, self._albums = inbox, attachments, albums
        self._admins, self._menu, self._clock = admins, menu, clock

    def register(self, app: App) -> None:
        new = filters.UpdateType.MESSAGE
        for handler in (
            MessageHandler(new & filters.StatusUpdate.MIGRATE, self._moved),
            MessageHandler(new & ~filters.StatusUpdate.ALL, self._received),
            MessageHandler(filters.UpdateType.EDITED_MESSAGE, self._edited),
            CallbackQueryHandler(self._pressed),
            ChatMemberHandler(self._member, ChatMemberHandler.ANY_CHAT_MEMBER),
        ):
            app.add_handler(handler)

    async def _received(self, update: Update, context: Any) -> None:
        message, bot = update.message, context.bot
        author = reading.author_of(message) if message else None
        if message is None or author is None:
            return
        if message.from_user and message.chat.type == message.chat.PRIVATE:
            await self._menu.met(bot, message.from_user.id)
        parts = self._albums.parts(message)
        if (command := reading.command_of(message)) is not None:
            await self._command(parts, author, command, bot)
        else:
            await self._said(parts, author, bot)

    async def _command(
        self, parts: Sequence[Message], author: types.UserRef, command: reading.Command, bot: Bot
    ) -> None:
        """Other bots' commands are left to them: those that name one, and in a group those that
        only they can know."""
        message = parts[0]
        place = reading.place_of(message)
        if command.named and command.named.lower() != bot.username.lower():
            return
        name, arguments = command.name, command.arguments
        if self._is_greeting(command):
            name = PAIR if arguments and PAIR in self._menu.names else "help"
            arguments = arguments if name == PAIR else ""
        if not (place.private or command.named or name in self._menu.names):
            return
        await self._inbox.put(
            types.Invoked(
                place,
                author,
                name,
                arguments,
                id=str(message.message_id),
                attachments=await self._attachments.of(parts, bot),
                about=reading.author_replied_to(message),
            )
        )

    def _is_greeting(self, command: reading.Command) -> bool:
        """Everyone's first message, `/start`; that of a deep link, `/start CODE`, brings the code
        that its owner gave out with it."""
        return command.name == START and START not in self._menu.names

    async def _said(self, parts: Sequence[Message], author: types.UserRef, bot: Bot) -> None:
        message = parts[0]
        text = "\n".join(text for part in parts if (text := reading.text_of(part, bot.bot)))
        attachments = await self._attachments.of(parts, bot)
        if not (text or attachments):
            return
        said = types.Message(
            "user",
            text,
            author,
            id=str(message.message_id),
            time=self._clock.ours(message.date),
            attachments=attachments,
        )
        await self._inbox.put(
            types.Received(
                reading.place_of(message),
                said,
                addressed=any(reading.addressed(part, bot.bot) for part in parts),
                reply_to=reading.replied_to(message),
            )
        )

    async def _edited(self, update: Update, context: Any) -> None:
        """Also for link previews and reactions; the store compares the text. Where the text is
        a document's caption it has nothing to compare with."""
        message = update.edited_message
        if message is None or message.document or reading.command_of(message):
            return
        text = reading.text_of(message, context.bot.bot)
        if text:
            place = reading.place_of(message)
            await self._inbox.put(types.Edited(place, str(message.message_id), text))

    async def _pressed(self, update: Update, context: Any) -> None:
        """Answered at once, or the button spins on."""
        query = update.callback_query
        if query is None:
            return
        await _calm(query)
        message = query.message
        if not isinstance(message, Message):  # too old for Telegram to say where it was
            return
        place = reading.place_of(message)
        await self._inbox.put(
            types.Pressed(
                place,
                reading.user(query.from_user),
                query.data or "",
                types.PostRef(place, str(message.message_id)),
                id=query.id,
            )
        )

    async def _moved(self, update: Update, context: Any) -> None:
        message = update.message
        if message is None:
            return
        here = message.chat.id
        old = message.migrate_from_chat_id or here
        new = message.migrate_to_chat_id or here
        await self._inbox.put(types.Moved(NAME, str(old), str(new)))

    async def _member(self, update: Update, context: Any) -> None:
        if update.effective_chat is not None:
            self._admins.changed(update.effective_chat.id)


async def _calm(query: CallbackQuery) -> None:
    with suppress(TelegramError):  # too late, or answered when this update came before
        await query.answer()
