"""Thoughts in a thread of their own, opened from the line above the answer."""

from __future__ import annotations

import discord
import structlog
from discord import Message, PartialMessage

from adapters.discord import texts
from adapters.discord.bodies import files_of
from adapters.discord.config import DiscordConfig
from adapters.discord.failures import HAS_THREAD, LONGEST_TEXT, OUT_OF_REACH, said
from adapters.discord.recent import Recent
from bot.types import File, Place, Post

log = structlog.get_logger(__name__)

REMEMBERED = 10_000


class ThoughtThreads:
    def __init__(self, config: DiscordConfig):
        self._wanted = config.thoughts == "thread"
        self._done: Recent[int, bool] = Recent(REMEMBERED)

    def own(self, place: Place, post: Post) -> bool:
        """Whether this post's thoughts go into a thread: in a server's channel, once they are
        all there. Threads and direct chats have no threads."""
        here = place.server and not place.thread and post.only_for is None
        return bool(self._wanted and here and post.final and post.collapsible.strip())

    async def after(self, message: Message | PartialMessage, place: Place, post: Post) -> None:
        """The answer does not fail for its thoughts' sake."""
        if not self.own(place, post) or message.id in self._done:
            return
        self._done[message.id] = True
        try:
            thread = await message.create_thread(name=texts.THOUGHTS)
            await _say(thread, post.collapsible.strip())
        except (discord.DiscordException, *OUT_OF_REACH) as error:
            if not (isinstance(error, discord.HTTPException) and error.code == HAS_THREAD):
                log.warning("thoughts not shown in a thread", why=said(error))


async def _say(thread: discord.Thread, thoughts: str) -> None:
    if len(thoughts) <= LONGEST_TEXT:
        await thread.send(thoughts)
    else:
        file = File("thoughts.md", thoughts.encode())
        await thread.send(files=files_of([file]))
