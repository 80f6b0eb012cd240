"""Answers to commands, buttons and forms: over the interaction's token, apart from all limits.

A token is good for 15 minutes; what comes later is an ordinary message.
"""

from __future__ import annotations

from discord import InteractionMessage, WebhookMessage

from adapters.discord.bodies import content_of, files_of, given, view_of
from adapters.discord.pending import Acknowledged, Pending
from bot.types import Post


class Replies:
    def __init__(self, pending: Pending):
        self._pending = pending

    async def send(self, to: Acknowledged, post: Post) -> InteractionMessage | WebhookMessage:
        """The first one takes the place of "is thinking", unless more people see that than
        should see the answer."""
        message: InteractionMessage | WebhookMessage
        if to.waits and to.may_carry(post):
            message = await self._first(to, post)
        else:
            if to.waits:
                await to.interaction.delete_original_response()
                to.waits = False
            message = await self._further(to, post)
        to.waits = False
        self._pending.posted(message.id, to)
        return message

    async def edit(self, asked: Acknowledged, message: int, post: Post) -> None:
        text, view = content_of(post), view_of(post.buttons)
        await asked.interaction.followup.edit_message(message, content=text, view=view)

    async def delete(self, asked: Acknowledged, message: int) -> None:
        await asked.interaction.followup.delete_message(message)

    async def _first(self, to: Acknowledged, post: Post) -> InteractionMessage:
        return await to.interaction.edit_original_response(
            content=content_of(post), attachments=files_of(post.files), view=view_of(post.buttons)
        )

    async def _further(self, to: Acknowledged, post: Post) -> WebhookMessage:
        return await to.interaction.followup.send(
            content_of(post),
            files=files_of(post.files),
            ephemeral=to.ephemeral or post.only_for is not None,
            suppress_embeds=True,
            wait=True,
            **given(view=view_of(post.buttons)),
        )
