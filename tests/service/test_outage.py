"""After an outage: what waited at the network is taken a little at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.testing.telegram import UNLIMITED, TelegramServer
from tests.adapters.telegram_process import Chinwag, answers, chinwag

pytestmark = pytest.mark.slow

PEOPLE, FRESH = 50, 10
STALE_SECONDS = 7200
MEBIBYTES = 64
"""What a flood may cost, however long it is."""


def resident(bot: Chinwag) -> int:
    """The most memory that the process has had, in MiB."""
    assert bot.process is not None
    status = Path(f"/proc/{bot.process.pid}/status").read_text()
    [peak] = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) // 1024


async def after_an_outage(home: Path, waiting: int) -> None:
    engine = {"tokens_per_second": 0}
    async with (
        TelegramServer(rates=UNLIMITED) as server,
        chinwag(server, home, engine=engine, turns={"max_open": 5}, log={"level": "info"}) as bot,
    ):
        people = [server.person(1001 + number, "Ann") for number in range(PEOPLE)]
        before = resident(bot)
        server.faults.offline = True
        for number in range(waiting):
            people[number % PEOPLE].says("too old", age=STALE_SECONDS)
        asked = [person.says("hello") for person in people[:FRESH]]
        server.faults.clear()
        await server.until(lambda: all(answers(server, each) for each in asked), waiting)
        assert resident(bot) - before < MEBIBYTES
        assert [answers(server, each) for each in asked] == [["You said: hello"]] * FRESH
        assert sum(len(server.said(person.private)) for person in people) == FRESH
        assert await bot.end() == 0


async def test_old_messages_are_passed_over_and_fresh_ones_answered(tmp_path: Path) -> None:
    await after_an_outage(tmp_path, 300)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_a_hundred_thousand_waiting_messages_cost_no_memory(tmp_path: Path) -> None:
    await after_an_outage(tmp_path, 100_000)
