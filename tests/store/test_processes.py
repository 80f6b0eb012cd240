"""Several processes at one database, some of which are killed."""

from __future__ import annotations

import asyncio
import random
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

import pytest

from bot.store.backup import check
from bot.store.location import locate
from bot.store.open import open_store
from tests.store.samples import HERE, ask, spoken
from tests.store.writer import URL

pytestmark = pytest.mark.slow


async def writer(home: Path, what: str) -> Process:
    command = ("-m", "tests.store.writer", str(home), what)
    return await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=PIPE, stdin=DEVNULL
    )


@pytest.mark.parametrize("seed", range(5))
async def test_a_kill_in_the_middle_of_writing_loses_nothing_that_was_kept(
    home: Path, seed: int
) -> None:
    process = await writer(home, "talk")
    assert process.stdout is not None
    await process.stdout.readline()
    await asyncio.sleep(random.Random(seed).uniform(0.0, 0.5))
    process.kill()
    kept = [b"question 0", *(await process.stdout.read()).splitlines()]
    await process.wait()
    check(locate(URL, home))
    async with open_store(URL, home) as store:
        history = {message.text for message in await store.history(HERE.key, 1_000_000)}
        unfinished = [record.turn.message.text for record in await store.unfinished("telegram")]
    assert {line.decode() for line in kept} <= history
    answered = {text.replace("answer", "question") for text in history if "answer" in text}
    questions = {text for text in history if "question" in text}
    assert questions - answered == set(unfinished)
    assert len(unfinished) <= 1


async def test_processes_that_start_at_once_all_start(home: Path) -> None:
    processes = [await writer(home, "start") for _ in range(4)]
    for process in processes:
        assert await process.wait() == 0
    async with open_store(URL, home) as store:
        assert await spoken(store) == ["started"] * 4


async def test_ten_seconds_of_somebody_elses_lock_only_delay(home: Path) -> None:
    async with open_store(URL, home) as store:
        holder = await writer(home, "hold")
        assert holder.stdout is not None
        await holder.stdout.readline()
        await ask(store, "patient")
        assert await spoken(store) == ["patient"]
        assert await holder.wait() == 0
