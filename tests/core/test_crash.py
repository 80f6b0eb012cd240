"""The bot as a process of its own, killed again and again while it answers.

Each question has a conversation to itself, since only the last reply of one keeps its buttons.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot import texts
from bot.store.open import open_store
from bot.testing.telegram import UNLIMITED, Message, TelegramServer
from tests.adapters.telegram_process import Chinwag, answers, chinwag
from tests.core.house import SQLITE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

KILLS, LIVES = 20, 2
"""How often; and how many bots share them, one after the other."""
LATEST = 1.2
"""Seconds after a question at which the process is killed at the latest: it takes 0.9 to answer."""
ANSWER = "It is because of all that was thought of before, and of nothing else."
ENGINE = {
    "tokens_per_second": 30,
    "script": [{"match": "why", "thinking": "let me see whether " * 3, "text": ANSWER}],
}


class Life:
    """Of one bot: what it was asked, and what was in the air when it was killed: what the network
    had taken and the store did not know of yet. Telegram has no idempotency key for messages and
    shows a bot none of its own, so that nobody could mend that."""

    def __init__(self, server: TelegramServer, bot: Chinwag, dice: random.Random):
        self.server, self.bot, self.dice = server, bot, dice
        self.asked: list[Message] = []
        self.in_the_air: set[int] = set()

    async def live(self, kills: int) -> None:
        for number in range(kills):
            self._ask(number)
            await self._kill_at(self.dice.uniform(0, LATEST))
            await self.bot.start()
        await self.server.until(lambda: all(map(self.is_settled, self.asked)), 120)
        assert await self.bot.end() == 0

    def _ask(self, number: int) -> None:
        for person in range(3):
            who = self.server.person(2000 + 10 * number + person, "Ann")
            self.asked.append(who.says(f"why {number}?"))
        group = self.server.group(-1000 - number, "G", who)
        self.asked.append(who.says("@chinwag_bot why?", group.chat))

    async def _kill_at(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.bot.kill()
        known = recorded(self.bot.home)
        for number, asked in enumerate(self.asked):
            if any((str(r.chat.id), str(r.id)) not in known for r in replies(self.server, asked)):
                self.in_the_air.add(number)

    def is_settled(self, asked: Message) -> bool:
        """With its whole answer, or with the beginning of one that can be tried again."""
        return any(whole(reply) or cut_off(reply) for reply in replies(self.server, asked))


def recorded(home: Path) -> set[tuple[str, str]]:
    """The chat and id of each post that the store knows of."""
    with closing(sqlite3.connect(home / "chinwag.db")) as database:
        return set(database.execute("SELECT chat, platform_id FROM posts"))


def replies(server: TelegramServer, asked: Message) -> list[Message]:
    return [m for m in asked.chat.by(server.world.bot_id) if m.reply_to is asked]


def whole(reply: Message) -> bool:
    return reply.text == ANSWER and texts.REGENERATE() in reply.buttons


def cut_off(reply: Message) -> bool:
    return texts.CUT_BY_RESTART() in reply.text and texts.TRY_AGAIN() in reply.buttons


async def one_life(seed: int, home: Path) -> Life:
    home.mkdir()
    delivery = {"checkpoint_seconds": 0.1}
    async with (
        TelegramServer(rates=UNLIMITED) as server,
        chinwag(server, home, engine=ENGINE, delivery=delivery) as bot,
    ):
        life = Life(server, bot, random.Random(seed))
        await life.live(KILLS // LIVES)
        return life


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where that can be: it outlives kill -9 as a disk does, and a disk that others keep
    busy would leave more in the air."""
    memory = Path("/dev/shm")  # noqa: S108 – TemporaryDirectory makes its own name in it
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as name:
        yield Path(name)


async def test_a_bot_that_is_killed_while_it_answers_answers_everything_once(
    folder: Path,
) -> None:
    lives = [await one_life(seed, folder / f"{seed}") for seed in range(LIVES)]
    for life in lives:
        for number, asked in enumerate(life.asked):
            found = replies(life.server, asked)
            if number not in life.in_the_air:
                assert [whole(r) or cut_off(r) for r in found] == [True], answers(
                    life.server, asked
                )
        async with open_store(SQLITE, life.bot.home) as store:
            assert await store.unfinished("telegram") == []
            assert await store.pending("telegram") == []
    told = [r for life in lives for asked in life.asked for r in replies(life.server, asked)]
    assert sum(len(life.in_the_air) for life in lives) < len(told) / 10
    assert any(map(cut_off, told))
    assert any(map(whole, told))
