"""What people ask on both networks, and what became of each question."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from bench.reliability.process import PATIENCE, Both
from bot import texts
from bot.testing.discord import Channel
from bot.testing.discord import Person as DiscordPerson
from bot.testing.telegram import Chat, Person

REASON = "of all that was thought of before, and of nothing else."
SCRIPT = [
    {
        "match": r"why (\d+)\?",
        "thinking": "let me see whether " * 3,
        "text": rf"Number \1: because {REASON}",
    }
]

FRIENDS = 16
KEPT = 6.0
"""Seconds after which the adapter has surely written down whom it met."""


@dataclass(frozen=True, slots=True)
class Question:
    """`replies` are the texts that stand as replies to it in its network, with their ids."""

    network: str
    number: int
    replies: Callable[[], list[tuple[str, str]]]

    @property
    def settled(self) -> list[str]:
        """The ids of replies that are whole, or the marked beginning of one."""
        whole = f"Number {self.number}: because {REASON}"
        cut = texts.CUT_BY_RESTART()
        return [post for post, text in self.replies() if whole in text or cut in text]

    @property
    def cut_off(self) -> bool:
        return any(texts.CUT_BY_RESTART() in text for _, text in self.replies())


class People:
    """A question comes from a chat of its own as long as there are fresh ones of so many, but for
    direct messages on Discord: a bot that was killed can't learn of those of people who never wrote
    before, so they come from friends."""

    def __init__(self, bot: Both, chats: int = 1_000_000):
        self._bot, self._chats = bot, chats
        self._numbers = itertools.count(1)
        self._guild = bot.discord.guild("Home", bot.discord.user("Olga"))
        self._friends = itertools.cycle(bot.discord.user(f"Ben {n}") for n in range(FRIENDS))
        self._in_telegram_chat = cache(self._telegram_chat)
        self._in_channel = cache(self._channel)

    async def introduce(self) -> None:
        """Returns once the bot knows its friends, and will after a kill."""
        hellos = [self._in_discord(direct=True) for _ in range(FRIENDS)]
        async with asyncio.timeout(PATIENCE):
            while not all(question.replies() for question in hellos):
                await asyncio.sleep(0.2)
        await asyncio.sleep(KEPT)

    def ask(self, each: int) -> Iterator[Question]:
        """So many in each kind of place."""
        for _ in range(each):
            yield self._in_telegram(group=False)
            yield self._in_telegram(group=True)
            yield self._in_discord(direct=True)
            yield self._in_discord(direct=False)

    def _in_telegram(self, *, group: bool) -> Question:
        number, server = next(self._numbers), self._bot.telegram
        person, chat = self._in_telegram_chat(number % self._chats, group)
        asked = person.says(f"@chinwag_bot why {number}?" if group else f"why {number}?", chat)

        def replies() -> list[tuple[str, str]]:
            mine = chat.by(server.world.bot_id)
            return [(str(m.id), m.text) for m in mine if m.reply_to is asked]

        return Question("telegram", number, replies)

    def _telegram_chat(self, place: int, group: bool) -> tuple[Person, Chat]:
        server = self._bot.telegram
        person = server.person(10_000 + place, "Ann")
        return person, server.group(-10_000 - place, "G", person).chat if group else person.private

    def _in_discord(self, *, direct: bool) -> Question:
        number, server = next(self._numbers), self._bot.discord
        if direct:
            person = next(self._friends)
            channel = person.private
        else:
            person, channel = self._in_channel(number % self._chats)
        mention = "" if direct else f"{server.bot.mention} "
        asked = person.says(f"{mention}why {number}?", channel)

        def replies() -> list[tuple[str, str]]:
            mine = channel.by(server.bot.id)
            return [(str(m.id), m.content) for m in mine if m.reference is asked]

        return Question("discord", number, replies)

    def _channel(self, place: int) -> tuple[DiscordPerson, Channel]:
        person = self._bot.discord.user(f"Ann {place}")
        self._guild.adds(person)
        return person, self._guild.text(f"channel-{place}")
