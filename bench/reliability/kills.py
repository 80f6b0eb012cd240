"""kill -9 at random moments, under load on both networks."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bench.reliability.process import PATIENCE, Both, both
from bench.reliability.questions import SCRIPT, People, Question
from bench.report import Figure

LATEST = 1.4
"""Seconds after its questions at which the process is killed at the latest: answers take 1.1."""
EACH = 2
"""Questions in each kind of place, before each kill."""
CONFIG = {
    "engine": {
        "kind": "scripted",
        "tokens_per_second": 30,
        "concurrency": 64,
        "max_queue": 4096,
        "script": SCRIPT,
    },
    "delivery": {"checkpoint_seconds": 0.1},
}


async def measure(folder: Path, kills: int, seed: int = 7) -> dict[str, Figure]:
    """`twice`: with more than one reply, even if one of them is but a thought that stands still.
    `in the air`: replies that the network had taken and the store did not know of yet, which
    Telegram gives a bot no way to find out about; they are counted, and left out of `twice`."""
    dice = random.Random(seed)
    asked: list[Question] = []
    air: set[int] = set()
    async with both(folder / "kills", CONFIG) as bot:
        people = People(bot)
        await bot.start()
        await people.introduce()
        for _ in range(kills):
            asked += people.ask(EACH)
            await asyncio.sleep(dice.uniform(0, LATEST))
            await bot.kill()
            air |= in_the_air(bot, asked)
            await bot.start()
        await until_all(asked, lambda question: question.settled)
        await asyncio.sleep(2)  # whatever would come twice has come by then
        ended = await bot.end()
    return {
        "kills": kills,
        "questions": len(asked),
        "lost": sum(not question.settled for question in asked),
        "twice": sum(len(q.replies()) > 1 and q.number not in air for q in asked),
        "in the air": len(air),
        "cut off, marked": sum(question.cut_off for question in asked),
        "exit code": ended,
    }


def in_the_air(bot: Both, asked: list[Question]) -> set[int]:
    with closing(sqlite3.connect(bot.home / "chinwag.db")) as database:
        known = {row[0] for row in database.execute("SELECT platform_id FROM posts")}
    telegram = (question for question in asked if question.network == "telegram")
    return {q.number for q in telegram if any(post not in known for post, _ in q.replies())}


async def until_all(asked: list[Question], answered: Callable[[Question], object]) -> None:
    """Returns too when nobody would wait any longer."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not all(map(answered, asked)):
                await asyncio.sleep(0.2)
    except TimeoutError:
        return
