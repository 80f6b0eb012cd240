"""Everything fails now and then, all at once: networks, database and engine."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import sys
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from statistics import linear_regression, quantiles

from bench.reliability import lagging
from bench.reliability.kills import until_all
from bench.reliability.process import Both, both
from bench.reliability.questions import SCRIPT, People, Question
from bench.report import Figure
from bot import texts

EVERY = 0.5
"""Seconds between two rounds of a question in each kind of place."""
CHATS = 200
"""What is kept for each is no leak."""
BROKEN = {
    "match": r"why \d*7\?",
    "text": "It breaks off here.",
    "error": "it broke",
    "error_after": 3,
}
CONFIG = {
    "engine": {
        "kind": "scripted",
        "tokens_per_second": 60,
        "concurrency": 64,
        "max_queue": 4096,
        "script": [BROKEN, *SCRIPT],
    },
    "plugins": {lagging.NAME: {}},
}


async def measure(folder: Path, seconds: float) -> dict[str, Figure]:
    lag = folder / "lag"
    os.environ[lagging.FILE] = str(lag)
    program = (sys.executable, "-m", lagging.__name__)
    asked: list[Question] = []
    memory: list[tuple[float, float]] = []
    async with both(folder / "soak", CONFIG, program=program) as bot:
        people = People(bot, CHATS)
        await bot.start()
        await people.introduce()
        trouble(bot)
        tasks = [
            asyncio.create_task(hold_the_database(bot.home)),
            asyncio.create_task(watch(bot, memory)),
        ]
        await ask(people, asked, seconds)
        for server in (bot.telegram, bot.discord):
            server.faults.clear()
        await until_all(asked, answered)
        for task in tasks:
            task.cancel()
        ended = await bot.end()
    return {
        "seconds": seconds,
        "questions": len(asked),
        "faults": len(bot.telegram.faults.struck) + len(bot.discord.faults.struck),
        "lost": sum(not answered(question) for question in asked),
        "loop lag p99, ms": p99(lag),
        "memory, MiB": memory[-1][1],
        "slope, MiB/h": slope(memory),
        "exit code": ended,
    }


def trouble(bot: Both) -> None:
    for server, answer in ((bot.telegram, "sendMessage"), (bot.discord, "")):
        server.faults.add("status", times=None, probability=0.01)
        server.faults.add("flood", answer, times=None, probability=0.01, seconds=0.5)
        server.faults.add("reset", times=None, probability=0.01)
        server.faults.add("slow", times=None, probability=0.02, seconds=0.5)


async def hold_the_database(home: Path, dice: random.Random | None = None) -> None:
    """Another process with a lock, for a second now and then."""
    dice = dice or random.Random(7)
    while True:
        await asyncio.sleep(dice.uniform(1, 4))
        with closing(sqlite3.connect(home / "chinwag.db", isolation_level=None)) as database:
            with suppress(sqlite3.OperationalError):
                database.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(dice.uniform(0.2, 1.0))


async def ask(people: People, asked: list[Question], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        asked += people.ask(1)
        await asyncio.sleep(EVERY)


def answered(question: Question) -> bool:
    """A turn that the engine broke ends in a reply that says so."""
    broke = texts.CUT_BY_ERROR()
    return bool(question.settled) or any(broke in text for _, text in question.replies())


async def watch(bot: Both, memory: list[tuple[float, float]]) -> None:
    """Seconds and MiB."""
    assert bot.process is not None
    status, begun = Path(f"/proc/{bot.process.pid}/status"), time.monotonic()
    while True:
        (line,) = [x for x in status.read_text().splitlines() if x.startswith("VmRSS")]
        memory.append((time.monotonic() - begun, int(line.split()[1]) / 1024))
        await asyncio.sleep(1)


def slope(memory: Sequence[tuple[float, float]]) -> float:
    """Of the second half, when all is warm."""
    later = memory[len(memory) // 2 :]
    return linear_regression(*zip(*later, strict=True)).slope * 3600


def p99(file: Path) -> float:
    return quantiles(map(float, file.read_text().split()), n=100)[-1]
