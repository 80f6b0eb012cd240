"""Thousands of messages through floods, outages, resets and cuts of the gateway."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path

import pytest

from bot.testing.discord import Channel, DiscordServer, Message, Person
from tests.adapters.discord_process import chinwag

pytestmark = pytest.mark.slow

OUTSTANDING = 4
PATIENCE = 600.0
"""Seconds; a machine that does much else is slow, and slow is not what is tested here."""
ENGINE = {
    "tokens_per_second": 0,
    "script": [{"match": r"question (\S+)", "text": r"Answer \1."}],
}


class Chatter:
    """One channel in which questions are asked, a few ahead of their answers."""

    def __init__(self, server: DiscordServer, person: Person, channel: Channel, count: int):
        self.server, self.person, self.channel = server, person, channel
        self.questions = [f"{channel.id}/{number}" for number in range(count)]
        self.expected = {f"Answer {question}." for question in self.questions}
        self.asked: list[Message] = []

    @property
    def said(self) -> Counter[str]:
        """How often each answer stands in the channel."""
        return Counter(self.server.said(self.channel))

    async def ask(self) -> None:
        call = "" if self.channel.private else f"{self.server.bot.mention} "
        for number, question in enumerate(self.questions):
            await self.server.until(partial(self.may_ask, number), PATIENCE)
            self.asked.append(self.person.says(f"{call}question {question}", self.channel))
        await self.server.until(lambda: self.answered() == len(self.questions), PATIENCE)

    def may_ask(self, number: int) -> bool:
        return number - self.answered() < OUTSTANDING

    def answered(self) -> int:
        return len(self.expected & self.said.keys())


def trouble(server: DiscordServer) -> None:
    server.faults.add("flood", "send_message", times=None, probability=0.002)
    server.faults.add("status", times=None, probability=0.005, code=503)
    server.faults.add("status", "send_message", times=None, probability=0.005, code=502)
    server.faults.add("reset", times=None, probability=0.005)
    server.faults.add("lost", "send_message", times=None, probability=0.01)
    server.faults.add("lost", "edit_message", times=None, probability=0.01)


async def cuts(server: DiscordServer, dice: random.Random, every: float) -> None:
    """The gateway fails in one way after another."""
    server.gateway.repeats = 3

    def forget() -> None:
        server.cut()
        server.gateway.forgets()

    ways: tuple[Callable[[], None], ...] = (
        server.cut,
        server.gateway.asks_to_reconnect,
        forget,
        partial(server.gateway.invalidates, resumable=False),
    )
    for fail in cycle(ways):
        await asyncio.sleep(dice.uniform(every / 2, every))
        fail()


async def soak(home: Path, channels: int, messages: int, every: float) -> None:
    async with DiscordServer(seed=7) as server, chinwag(server, home, engine=ENGINE) as bot:
        people = [server.user(f"P{number}") for number in range(channels)]
        guild = server.guild("Home", *people)
        places = [guild.text(f"c{number}") for number in range(channels - channels // 5)]
        places += [person.private for person in people[len(places) :]]
        chatters = [
            Chatter(server, person, place, messages // channels)
            for person, place in zip(people, places, strict=True)
        ]
        trouble(server)
        failing = asyncio.create_task(cuts(server, random.Random(7), every))
        async with asyncio.TaskGroup() as group:
            for chatter in chatters:
                group.create_task(chatter.ask())
        failing.cancel()
        assert await bot.end() == 0
        said = sum((chatter.said for chatter in chatters), Counter[str]())
        asked = set[str]().union(*(chatter.expected for chatter in chatters))
        assert len(asked) == messages
        assert said == Counter(asked)
        for chatter in chatters:
            order = [text for text in server.said(chatter.channel) if text in chatter.expected]
            assert order == [f"Answer {question}." for question in chatter.questions]
        assert server.token not in bot.log.read_text()


@pytest.mark.timeout(300)
async def test_each_of_a_hundred_messages_has_exactly_one_answer(tmp_path: Path) -> None:
    await soak(tmp_path, channels=10, messages=100, every=6.0)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_each_of_two_thousand_messages_has_exactly_one_answer(tmp_path: Path) -> None:
    await soak(tmp_path, channels=50, messages=2_000, every=15.0)
