"""Thousands of messages through floods, outages, resets, cuts of the gateway and kill -9."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path

import pytest

from bot.testing.discord import Channel, DiscordServer, Person
from tests.adapters.discord_process import Chinwag, chinwag
from tests.adapters.soak import ENGINE, Chatter, answer

pytestmark = pytest.mark.slow


class DiscordChatter(Chatter):
    def __init__(self, server: DiscordServer, person: Person, channel: Channel, count: int):
        super().__init__(server, channel.id, count)
        self.server, self.person, self.channel = server, person, channel

    @property
    def said(self) -> Counter[str]:
        return Counter(self.server.said(self.channel))

    def say(self, text: str) -> None:
        call = "" if self.channel.private else f"{self.server.bot.mention} "
        self.person.says(call + text, self.channel)


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


async def killed(bot: Chinwag, dice: random.Random, kills: int, every: float) -> None:
    for _ in range(kills):
        await asyncio.sleep(dice.uniform(every / 2, every))
        await bot.kill()
        await bot.start()


async def soak(home: Path, channels: int, messages: int, every: float, kills: int) -> None:
    async with DiscordServer(seed=7) as server, chinwag(server, home, engine=ENGINE) as bot:
        people = [server.user(f"P{number}") for number in range(channels)]
        guild = server.guild("Home", *people)
        places = [guild.text(f"c{number}") for number in range(channels - channels // 5)]
        places += [person.private for person in people[len(places) :]]
        chatters = [
            DiscordChatter(server, person, place, messages // channels)
            for person, place in zip(people, places, strict=True)
        ]
        trouble(server)
        failing = asyncio.create_task(cuts(server, random.Random(7), every))
        async with asyncio.TaskGroup() as group:
            group.create_task(killed(bot, random.Random(8), kills, every))
            for chatter in chatters:
                group.create_task(chatter.ask())
        failing.cancel()
        assert await bot.end() == 0
        said = sum((chatter.said for chatter in chatters), Counter[str]())
        asked = set[str]().union(*(chatter.expected for chatter in chatters))
        assert len(asked) == messages
        assert said == Counter(asked)
        for chatter in chatters if not kills else ():  # a kill may let a later one overtake
            order = [text for text in server.said(chatter.channel) if text in chatter.expected]
            assert order == [answer(question) for question in chatter.questions]
        assert server.token not in bot.log.read_text()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kills", [0, 1])
async def test_each_of_a_hundred_messages_has_exactly_one_answer(
    kills: int, tmp_path: Path
) -> None:
    await soak(tmp_path, channels=10, messages=100, every=6.0, kills=kills)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kills", [0, 5])
async def test_each_of_two_thousand_messages_has_exactly_one_answer(
    kills: int, tmp_path: Path
) -> None:
    await soak(tmp_path, channels=50, messages=2_000, every=15.0, kills=kills)
