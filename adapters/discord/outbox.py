"""What the core says, as Discord's requests."""

from __future__ import annotations

from dataclasses import replace

import discord
import structlog
from discord import ActionRow, Message, MessageReference, PartialMessage, PartialMessageable

from adapters.discord import permissions, texts
from adapters.discord.bodies import content_of, files_of, given, view_of
from adapters.discord.client import Client
from adapters.discord.conversations import Conversations
from adapters.discord.failures import (
    CANT_REPLY,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    typed,
)
from adapters.discord.lacks import Lacks
from adapters.discord.link import Link
from adapters.discord.nonces import Nonces, fresh
from adapters.discord.pending import Pending
from adapters.discord.reading import NAME, channel_of
from adapters.discord.replies import Replies
from adapters.discord.thoughts import ThoughtThreads
from adapters.discord.threads import open_thread
from bot.errors import Gone
from bot.types import Place, Post, PostRef

log = structlog.get_logger(__name__)


class Outbox:
    def __init__(
        self,
        link: Link,
        pending: Pending,
        conversations: Conversations,
        lacks: Lacks,
        thoughts: ThoughtThreads,
    ):
        self._link, self._pending, self._conversations = link, pending, conversations
        self._lacks, self._thoughts = lacks, thoughts
        self._nonces, self._replies = Nonces(), Replies(pending)

    async def send(self, place: Place, post: Post) -> PostRef:
        async with typed():
            client = await self._link.client()
        if (asked := self._pending.for_post(place, post)) is not None:
            try:
                async with typed():
                    return self._sent(place, await self._replies.send(asked, post))
            except Gone:  # the token is over before its time
                log.info("interaction is over, answered by a message", place=place.chat)
        if post.only_for is not None and not place.private:
            place = await self._direct(client, int(post.only_for.id))
        post = self._without_what_it_may_not(client, place, post)
        message = await self._send(client, place, post)
        ref = self._sent(place, message)
        await self._thoughts.after(client, ref, post)
        return ref

    async def edit(self, ref: PostRef, post: Post) -> None:
        async with typed():
            client = await self._link.client()
        asked = self._pending.of_message(ref.id)
        async with self._lacks.explained(client, ref.place, post):
            if asked is not None:
                await self._replies.edit(asked, int(ref.id), post)
                return
            message = _message(client, ref)
            folded = not self._thoughts.own(ref.place, post)
            text = content_of(post, thoughts=folded)
            await message.edit(content=text, view=view_of(post.buttons))
        await self._thoughts.after(client, ref, post)

    async def delete(self, ref: PostRef) -> None:
        async with typed():
            client = await self._link.client()
            asked = self._pending.of_message(ref.id)
            if asked is not None:
                await self._replies.delete(asked, int(ref.id))
            else:
                await _message(client, ref).delete()

    async def typing(self, place: Place) -> None:
        async with typed():
            client = await self._link.client()
            await _channel(client, place).typing()

    # --- messages ------------------------------------------------------------------------------

    async def _send(self, client: Client, place: Place, post: Post) -> Message:
        nonce = self._nonces.of(place, post)
        text = content_of(post, thoughts=not self._thoughts.own(place, post))
        async with self._lacks.explained(client, place, post):
            message = await self._once(client, place, post, text, nonce)
        self._nonces.used(nonce)
        return message

    async def _once(
        self, client: Client, place: Place, post: Post, text: str, nonce: str
    ) -> Message:
        """Where an earlier attempt had come through, its message is brought up to date; of one that
        was deleted since, Discord would make no second one."""
        try:
            message = await self._in_thread(client, place, post, text, nonce)
            if _shows(message, text, post):
                return message
            return await message.edit(content=text, view=view_of(post.buttons), suppress=True)
        except discord.NotFound as error:
            if error.code != UNKNOWN_MESSAGE:
                raise
            return await self._in_thread(client, place, post, text, fresh())

    async def _in_thread(
        self, client: Client, place: Place, post: Post, text: str, nonce: str
    ) -> Message:
        """In a thread that is opened now if it isn't yet."""
        try:
            return await self._say(client, place, post, text, nonce)
        except discord.NotFound as error:
            if error.code != UNKNOWN_CHANNEL or not place.thread.isdigit():
                raise
            question = int(place.thread)
            title = self._conversations.title(question)
            await open_thread(client, int(place.chat), question, title)
            return await self._say(client, place, post, text, nonce)

    async def _say(
        self, client: Client, place: Place, post: Post, text: str, nonce: str
    ) -> Message:
        channel = _channel(client, place)
        try:
            return await channel.send(
                text,
                files=files_of(post.files),
                nonce=nonce,
                suppress_embeds=True,
                **given(view=view_of(post.buttons), reference=_reference(place, post)),
            )
        except discord.HTTPException as error:
            if error.code != CANT_REPLY:
                raise
            self._lacks.log(permissions.cached(client, channel.id), ["Read Message History"])
            return await self._say(client, place, replace(post, reply_to=""), text, nonce)

    def _sent(self, place: Place, message: Message) -> PostRef:
        self._conversations.remember(message.id, place)
        return PostRef(place, str(message.id))

    # --- what it may not -----------------------------------------------------------------------

    def _without_what_it_may_not(self, client: Client, place: Place, post: Post) -> Post:
        channel = permissions.cached(client, channel_of(place))
        if not post.files or not permissions.lacking(channel, ["attach_files"]):
            return post
        self._lacks.log(channel, ["Attach Files"])
        names = [file.name for file in post.files]
        where = f"#{channel.name}" if channel else place.chat
        return replace(post, text=texts.cant_attach(names, where), files=())

    async def _direct(self, client: Client, user: int) -> Place:
        """What is for one person alone goes to them, once no interaction can carry it."""
        async with typed():
            channel = await client.create_dm(discord.Object(user))
        return Place(NAME, str(channel.id), private=True)


def _channel(client: Client, place: Place) -> PartialMessageable:
    server = int(place.server) if place.server else None
    return client.get_partial_messageable(channel_of(place), guild_id=server)


def _shows(message: Message, text: str, post: Post) -> bool:
    """White space around it is not Discord's to keep."""
    rows = [row for row in message.components if isinstance(row, ActionRow)]
    buttons = [button.custom_id for row in rows for button in row.children]
    return message.content == text.strip() and buttons == [button.id for button in post.buttons]


def _message(client: Client, ref: PostRef) -> PartialMessage:
    return _channel(client, ref.place).get_partial_message(int(ref.id))


def _reference(place: Place, post: Post) -> MessageReference | None:
    """Not to what no message carried, and not from a thread to the message that it hangs on."""
    if not post.reply_to.isdigit() or post.reply_to == place.thread:
        return None
    return MessageReference(
        message_id=int(post.reply_to), channel_id=channel_of(place), fail_if_not_exists=False
    )
