"""What the core says, as Telegram's methods."""

from __future__ import annotations

import itertools
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import TypeVar

import structlog
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    LinkPreviewOptions,
    ReplyParameters,
)
from telegram.constants import ChatAction
from telegram.error import BadRequest, ChatMigrated

from adapters.telegram.failures import (
    CANT_PARSE,
    LONGEST_CAPTION,
    NOT_MODIFIED,
    is_about,
    typed,
)
from adapters.telegram.rendering import Rendered, plain, render
from adapters.telegram.writer import length
from bot.errors import Gone
from bot.types import Button, Place, Post, PostRef

log = structlog.get_logger(__name__)

DRAFT = "draft:"
"""Begins the id of a post that is a message draft so far."""
WIDEST_ROW = 40
"""Characters of labels beside each other, so that none is cut on a phone."""

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

T = TypeVar("T")


class Outbox:
    """`plain_fallbacks` counts texts whose formatting Telegram refused, `drafts` says whether
    growing posts go as drafts where they can."""

    def __init__(self, bot: Bot, *, drafts: bool):
        self.drafts = drafts
        self.plain_fallbacks = 0
        self._bot = bot
        self._moved: dict[int, int] = {}
        self._draft_ids = itertools.count(int(time.time()))

    async def send(self, place: Place, post: Post) -> PostRef:
        with typed():
            if self._is_draft(place, post):
                return await self._draft(place, next(self._draft_ids), post)
            if post.files:
                return await self._send_files(place, post)
            return await self._send_text(place, post)

    async def edit(self, ref: PostRef, post: Post) -> PostRef | None:
        place = ref.place
        if ref.id.startswith(DRAFT):
            if self._is_draft(place, post):
                with typed():
                    return await self._draft(place, int(ref.id.removeprefix(DRAFT)), post)
            return await self.send(place, post)
        if self._is_draft(place, post):
            return await self._back_to_draft(ref, post)
        with typed():
            await self._edit(ref, post)
        return None

    async def delete(self, ref: PostRef) -> None:
        if ref.id.startswith(DRAFT):  # it fades by itself
            return
        with typed():
            await self._at(ref.place, lambda chat: self._bot.delete_message(chat, int(ref.id)))

    async def typing(self, place: Place) -> None:
        with typed():
            await self._at(
                place,
                lambda chat: self._bot.send_chat_action(
                    chat, ChatAction.TYPING, message_thread_id=_thread(place)
                ),
            )

    # --- messages ------------------------------------------------------------------------------

    async def _send_text(self, place: Place, post: Post) -> PostRef:
        message = await self._formatted(
            post,
            lambda text: self._at(
                place,
                lambda chat: self._bot.send_message(
                    chat,
                    text.text,
                    entities=text.entities,
                    reply_markup=_keyboard(post.buttons),
                    reply_parameters=_reply(post),
                    message_thread_id=_thread(place),
                    link_preview_options=_NO_PREVIEW,
                ),
            ),
        )
        return PostRef(place, str(message.message_id))

    async def _send_files(self, place: Place, post: Post) -> PostRef:
        """The text is the first file's caption, the buttons are the last one's."""
        if length(post.text) > LONGEST_CAPTION:
            await self._send_text(place, Post(post.text, reply_to=post.reply_to))
            post = Post("", post.buttons, post.files)
        last = len(post.files) - 1
        for number, file in enumerate(post.files):
            caption = render(post.text) if number == 0 else Rendered("")
            message = await self._at(
                place,
                lambda chat, file=file, caption=caption, number=number: self._bot.send_document(  # type: ignore[misc]  # bound now
                    chat,
                    InputFile(file.data, file.name),
                    caption=caption.text,
                    caption_entities=caption.entities,
                    reply_markup=_keyboard(post.buttons) if number == last else None,
                    reply_parameters=_reply(post),
                    message_thread_id=_thread(place),
                ),
            )
        return PostRef(place, str(message.message_id))

    async def _edit(self, ref: PostRef, post: Post) -> None:
        markup = _keyboard(post.buttons)

        async def change(text: Rendered) -> object:
            return await self._at(
                ref.place,
                lambda chat: self._bot.edit_message_text(
                    text.text,
                    chat,
                    int(ref.id),
                    entities=text.entities,
                    reply_markup=markup,
                    link_preview_options=_NO_PREVIEW,
                ),
            )

        async def change_caption(text: Rendered) -> object:
            return await self._at(
                ref.place,
                lambda chat: self._bot.edit_message_caption(
                    chat,
                    int(ref.id),
                    caption=text.text,
                    caption_entities=text.entities,
                    reply_markup=markup,
                ),
            )

        try:
            await self._formatted(post, change_caption if post.files else change)
        except BadRequest as error:
            if not is_about(error, NOT_MODIFIED):
                raise

    async def _formatted(self, post: Post, say: Callable[[Rendered], Awaitable[T]]) -> T:
        """With entities; as plain text where Telegram refuses them."""
        try:
            return await say(render(post.text, post.collapsible))
        except BadRequest as error:
            if not is_about(error, CANT_PARSE):
                raise
            self.plain_fallbacks += 1
            log.warning("formatting refused, sent as plain text", why=error.message)
            return await say(plain(post.text, post.collapsible))

    async def _at(self, place: Place, call: Callable[[int], Awaitable[T]]) -> T:
        """In the chat, or in the one that it has become."""
        chat = self._moved.get(int(place.chat), int(place.chat))
        try:
            return await call(chat)
        except ChatMigrated as moved:
            self._moved[int(place.chat)] = moved.new_chat_id
            return await call(moved.new_chat_id)

    # --- drafts --------------------------------------------------------------------------------

    def _is_draft(self, place: Place, post: Post) -> bool:
        """A draft can be shown in private chats only, and carries neither buttons nor files."""
        growing = not (post.final or post.buttons or post.files)
        return self.drafts and place.private and growing

    async def _draft(self, place: Place, number: int, post: Post) -> PostRef:
        await self._formatted(
            post,
            lambda text: self._bot.send_message_draft(
                int(place.chat),
                number,
                text.text,
                entities=text.entities,
                message_thread_id=_thread(place),
            ),
        )
        return PostRef(place, f"{DRAFT}{number}")

    async def _back_to_draft(self, ref: PostRef, post: Post) -> PostRef:
        """The answer begins where a line with buttons was: that one goes. Doing it again after a
        failure does no harm."""
        with typed():
            draft = await self._draft(ref.place, int(ref.id), post)
        with suppress(Gone):
            await self.delete(ref)
        return draft


def _thread(place: Place) -> int | None:
    return int(place.thread) if place.thread else None


def _reply(post: Post) -> ReplyParameters | None:
    if not post.reply_to.isdigit():
        return None
    return ReplyParameters(int(post.reply_to), allow_sending_without_reply=True)


def _keyboard(buttons: tuple[Button, ...]) -> InlineKeyboardMarkup | None:
    rows = [
        [InlineKeyboardButton(b.label, callback_data=b.id) for b in row] for row in _rows(buttons)
    ]
    return InlineKeyboardMarkup(rows) if rows else None


def _rows(buttons: tuple[Button, ...]) -> Iterator[list[Button]]:
    row: list[Button] = []
    for button in buttons:
        if row and sum(len(b.label) for b in (*row, button)) > WIDEST_ROW:
            yield row
            row = []
        row.append(button)
    if row:
        yield row
