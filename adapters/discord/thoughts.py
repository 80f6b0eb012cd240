"""Thoughts in a thread of their own, opened from the line above the answer."""

from __future__ import annotations

import structlog
from discord import PartialMessageable

from adapters.discord import texts
from adapters.discord.bodies import files_of
from adapters.discord.client import Client
from adapters.discord.config import DiscordConfig
from adapters.discord.failures import LONGEST_TEXT, typed
from adapters.discord.reading import channel_of
from adapters.discord.recent import Recent
from adapters.discord.threads import open_thread
from bot.errors import DeliveryError
from bot.types import File, Place, Post, PostRef

log = structlog.get_logger(__name__)

REMEMBERED = 10_000


class ThoughtThreads:
    def __init__(self, config: DiscordConfig):
        self._wanted = config.thoughts == "thread"
        self._done: Recent[str, bool] = Recent(REMEMBERED)

    def own(self, place: Place, post: Post) -> bool:
        """Whether this post's thoughts go into a thread: in a server's channel, once they are
        all there. Threads and direct chats have no threads."""
        here = place.server and not place.thread and post.only_for is None
        return bool(self._wanted and here and post.final and post.collapsible.strip())

    async def after(self, client: Client, ref: PostRef, post: Post) -> None:
        """The answer does not fail for its thoughts' sake."""
        if not self.own(ref.place, post) or ref.id in self._done:
            return
        self._done[ref.id] = True
        channel, message = channel_of(ref.place), int(ref.id)
        try:
            async with typed():
                if await open_thread(client, channel, message, texts.THOUGHTS):
                    await _say(client.get_partial_messageable(message), post.collapsible.strip())
        except DeliveryError as error:
            log.warning("thoughts not shown in a thread", why=str(error))


async def _say(thread: PartialMessageable, thoughts: str) -> None:
    if len(thoughts) <= LONGEST_TEXT:
        await thread.send(thoughts)
    else:
        await thread.send(files=files_of([File("thoughts.md", thoughts.encode())]))
