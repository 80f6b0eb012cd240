"""Commands, buttons and forms that are acknowledged and not yet answered, while their tokens live.

https://discord.com/developers/docs/interactions/receiving-and-responding
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import discord

from adapters.discord.reading import INTERACTION
from adapters.discord.recent import Recent
from bot.types import Place, Post, UserRef

TOKEN_LIFE = 14.5 * 60
"""Seconds; Discord's is 15 minutes."""
MOST = 10_000


@dataclass(slots=True)
class Acknowledged:
    """`waits`: Discord shows that an answer is coming, `ephemeral` to the caller alone."""

    interaction: discord.Interaction
    place: Place
    user: UserRef
    waits: bool
    ephemeral: bool
    until: float

    @property
    def alive(self) -> bool:
        return time.monotonic() < self.until

    def may_carry(self, post: Post) -> bool:
        """Whether the answer that is waited for is seen by no more people than it should."""
        return self.ephemeral or post.only_for is None


class Pending:
    def __init__(self, token_life: float = TOKEN_LIFE) -> None:
        self._token_life = token_life
        self._by_id: Recent[str, Acknowledged] = Recent(MOST)
        self._by_person: Recent[tuple[Place, UserRef], Acknowledged] = Recent(MOST)
        self._by_message: Recent[str, Acknowledged] = Recent(MOST)

    def add(
        self,
        interaction: discord.Interaction,
        place: Place,
        user: UserRef,
        *,
        waits: bool,
        ephemeral: bool = False,
    ) -> None:
        until = time.monotonic() + self._token_life
        new = Acknowledged(interaction, place, user, waits, ephemeral, until)
        self._by_id[id_of(interaction)] = new
        self._by_person[place, user] = new

    def for_post(self, place: Place, post: Post) -> Acknowledged | None:
        """What this post answers; what is for one person alone, whatever they did last here."""
        found = self._by_id.get(post.reply_to)
        if found is None and post.only_for is not None:
            found = self._by_person.get((place, post.only_for))
        return found if found is not None and found.alive else None

    def posted(self, message: int, by: Acknowledged) -> None:
        self._by_message[str(message)] = by

    def of_message(self, message: str) -> Acknowledged | None:
        found = self._by_message.get(message)
        return found if found is not None and found.alive else None


def id_of(interaction: discord.Interaction) -> str:
    """As the core knows it."""
    return f"{INTERACTION}{interaction.id}"
