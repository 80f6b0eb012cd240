"""What the core says, as Telegram's methods."""

from __future__ import annotations

import itertools
import time
from contextlib import suppress
from dataclasses import replace

from telegram import Bot, InputFile, LinkPreviewOptions
from telegram.constants import ChatAction
from telegram.error import BadRequest

from adapters.telegram.bodies import keyboard, reply_to, thread_of
from adapters.telegram.failures import NOT_MODIFIED, is_about, typed
from adapters.telegram.rendering import Rendered
from adapters.telegram.speech import Speech
from bot.errors import Gone
from bot.types import Place, Post, PostRef

DRAFT = "draft:"
"""Begins the id of a post that is a message draft so far."""

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Outbox:
    """`drafts` says whether growing posts go as drafts where they can."""

    def __init__(self, bot: Bot, *, drafts: bool):
        self.drafts = drafts
        self._bot, self._speech = bot, Speech()
        self._draft_ids = itertools.count(int(time.time()))

    @property
    def plain_fallbacks(self) -> int:
        return self._speech.plain_fallbacks

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
            await self._speech.at(
                ref.place, lambda chat: self._bot.delete_message(chat, int(ref.id))
            )

    async def typing(self, place: Place) -> None:
        with typed():
            await self._speech.at(
                place,
                lambda chat: self._bot.send_chat_action(
                    chat, ChatAction.TYPING, message_thread_id=thread_of(place)
                ),
            )

    # --- messages ------------------------------------------------------------------------------

    async def _send_text(self, place: Place, post: Post) -> PostRef:
        message = await self._speech.formatted(
            post,
            lambda text: self._speech.at(
                place,
                lambda chat: self._bot.send_message(
                    chat,
                    text.text,
                    entities=text.entities,
                    reply_markup=keyboard(post.buttons),
                    reply_parameters=reply_to(post),
                    message_thread_id=thread_of(place),
                    link_preview_options=_NO_PREVIEW,
                ),
            ),
        )
        return PostRef(place, str(message.message_id))

    async def _send_files(self, place: Place, post: Post) -> PostRef:
        """The text is the first file's caption, the buttons are the last one's."""
        *others, last = post.files
        for file in others:
            await self._send_file(place, replace(post, files=(file,), buttons=()))
            post = replace(post, text="", collapsible="")
        return await self._send_file(place, replace(post, files=(last,)))

    async def _send_file(self, place: Place, post: Post) -> PostRef:
        (file,) = post.files
        message = await self._speech.formatted(
            post,
            lambda caption: self._speech.at(
                place,
                lambda chat: self._bot.send_document(
                    chat,
                    InputFile(file.data, file.name),
                    caption=caption.text,
                    caption_entities=caption.entities,
                    reply_markup=keyboard(post.buttons),
                    reply_parameters=reply_to(post),
                    message_thread_id=thread_of(place),
                ),
            ),
        )
        return PostRef(place, str(message.message_id))

    async def _edit(self, ref: PostRef, post: Post) -> None:
        markup = keyboard(post.buttons)

        async def change(text: Rendered) -> object:
            return await self._speech.at(
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
            return await self._speech.at(
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
            await self._speech.formatted(post, change_caption if post.files else change)
        except BadRequest as error:
            if not is_about(error, NOT_MODIFIED):
                raise

    # --- drafts --------------------------------------------------------------------------------

    def _is_draft(self, place: Place, post: Post) -> bool:
        """A draft can be shown in private chats only, and carries neither buttons nor files."""
        growing = not (post.final or post.buttons or post.files)
        return self.drafts and place.private and growing

    async def _draft(self, place: Place, number: int, post: Post) -> PostRef:
        await self._speech.formatted(
            post,
            lambda text: self._bot.send_message_draft(
                int(place.chat),
                number,
                text.text,
                entities=text.entities,
                message_thread_id=thread_of(place),
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
