"""Which conversation a message belongs to: the channel's, its own thread's, or its replies'."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import discord
from discord import Message, TextChannel

from adapters.discord import permissions, reading
from adapters.discord.config import Context
from adapters.discord.recent import Recent
from bot.types import Place

CHAIN = "reply:"
LONGEST_CHAIN = 200
"""Replies that are followed back to the first message."""
REMEMBERED = 20_000
LONGEST_TITLE = 80

Lacking = Callable[[TextChannel, list[str]], None]


class Conversations:
    """`cant_open` is told where a thread should be opened and may not."""

    def __init__(self, context: Context, cant_open: Lacking):
        self._context = context
        self._cant_open = cant_open
        self._places: Recent[int, Place] = Recent(REMEMBERED)
        self._titles: Recent[int, str] = Recent(REMEMBERED)

    async def place_of(self, message: Message, text: str, *, addressed: bool) -> Place:
        """`text` names the thread that it may open. Raises discord.py's errors."""
        place = reading.place_of(message.channel, message.guild.id if message.guild else None)
        if not place.private:
            if self._context == "reply-chain":
                place = chained(place, await self._root(message))
            elif self._context == "thread" and addressed:
                place = self._in_thread(message, text, place)
        self.remember(message.id, place)
        return place

    def asked_by(self, interaction: discord.Interaction, place: Place) -> Place:
        """A question that no message carries begins a chain of its own."""
        chains = self._context == "reply-chain" and not place.private
        return chained(place, interaction.id) if chains else place

    def remember(self, message: int, place: Place) -> None:
        self._places[message] = place

    def known(self, message: int, otherwise: Place) -> Place:
        """Of a message of which no more than the id is known."""
        return self._places.get(message) or otherwise

    def title(self, message: int) -> str:
        """For the thread that is opened from it."""
        return self._titles.get(message) or "…"

    def _in_thread(self, message: Message, text: str, place: Place) -> Place:
        """A thread has the id of the message that it is opened from; it is opened once something
        is said in it."""
        channel = message.channel
        if not isinstance(channel, TextChannel):
            return place
        if lacks := permissions.lacking(channel, permissions.OPEN_THREAD):
            self._cant_open(channel, lacks)
            return place
        self._titles[message.id] = _title(text)
        return replace(place, thread=str(message.id))

    async def _root(self, message: Message) -> int:
        """The first message of a chain of replies."""
        for _ in range(LONGEST_CHAIN):
            if (known := self._places.get(message.id)) and CHAIN in known.thread:
                return int(known.thread.rpartition(CHAIN)[2])
            before = reading.replied_message(message)
            if before is None:
                if not (before_id := reading.replied_to(message)):
                    break
                try:
                    before = await message.channel.fetch_message(int(before_id))
                except (discord.NotFound, discord.Forbidden):
                    break
            message = before
        asked = message.interaction_metadata
        return asked.id if asked else message.id


def chained(place: Place, root: int) -> Place:
    thread = f"{place.thread}/" if place.thread else ""
    return replace(place, thread=f"{thread}{CHAIN}{root}")


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_TITLE else f"{line[: LONGEST_TITLE - 1]}…"
