"""What systemd is told by a running bot: when it is ready, and whether it is well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.adapter import Adapter
from bot.errors import ConfigError, EngineDied
from bot.service.attendance import Attendance, Reload
from bot.service.notify import Notifier
from bot.testing import FakeNetwork
from tests.service.systemd import Systemd

WATCHDOG = 0.04


class Connecting(FakeNetwork):
    def __init__(self) -> None:
        super().__init__()
        self.connected = asyncio.Event()


class Heart:
    """`fails` with this; while it `hangs` no beat returns."""

    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.well = asyncio.Event()
        self.well.set()
        self.waiting = asyncio.Event()

    async def beat(self) -> None:
        if not self.well.is_set():
            self.waiting.set()
        await self.well.wait()
        if self.fails is not None:
            raise self.fails


async def nothing() -> str:
    return "new: nothing"


@asynccontextmanager
async def attended(
    systemd: Systemd, heart: Heart, *adapters: Adapter, reload: Reload = nothing
) -> AsyncIterator[asyncio.Event]:
    """Gives what a hangup sets."""
    notifier = Notifier.of_environment(systemd.environ)
    attendance, hung_up = Attendance(notifier, adapters, heart.beat), asyncio.Event()
    task = asyncio.create_task(attendance.attend(hung_up, reload))
    try:
        yield hung_up
    finally:
        task.cancel()


async def test_an_adapter_that_cannot_tell_counts_as_connected(tmp_path: Path) -> None:
    with Systemd(tmp_path) as systemd:
        async with attended(systemd, Heart(), FakeNetwork()):
            await systemd.told(READY="1", STATUS="serving fake")
        assert len(systemd.said) == 1


async def test_ready_waits_for_all_that_can_tell(tmp_path: Path) -> None:
    slow = Connecting()
    with Systemd(tmp_path) as systemd:
        async with attended(systemd, Heart(), FakeNetwork(), slow):
            await systemd.told(STATUS="connecting to fake")
            slow.connected.set()
            await systemd.told(READY="1", STATUS="serving fake, fake")


async def test_a_beat_that_does_not_return_is_silence(tmp_path: Path) -> None:
    heart = Heart()
    with Systemd(tmp_path, WATCHDOG) as systemd:
        async with attended(systemd, heart, FakeNetwork()):
            await systemd.told(WATCHDOG="1")
            heart.well.clear()
            await heart.waiting.wait()
            systemd.drain()
            heart.well.set()
            await systemd.told(WATCHDOG="1")


async def test_an_engine_that_died_too_often_is_told_and_no_sign_of_life(tmp_path: Path) -> None:
    heart = Heart()
    with Systemd(tmp_path, WATCHDOG) as systemd:
        async with attended(systemd, heart, FakeNetwork()):
            await systemd.told(WATCHDOG="1")
            heart.fails = EngineDied("The engine died 3 times in 10 minutes.")
            await systemd.told(STATUS="The engine died 3 times in 10 minutes.")
            systemd.said.clear()
            await systemd.told(STATUS="The engine died 3 times in 10 minutes.")
            assert not any("WATCHDOG" in said for said in systemd.said)
            heart.fails = None
            await systemd.told(WATCHDOG="1", STATUS="serving fake")


async def test_a_reload_and_what_came_of_it_are_told(tmp_path: Path) -> None:
    problems: list[Exception] = []

    async def reload() -> str:
        for problem in problems:
            raise problem
        return "new: access"

    with Systemd(tmp_path) as systemd:
        async with attended(systemd, Heart(), FakeNetwork(), reload=reload) as hung_up:
            await systemd.told(READY="1")
            hung_up.set()
            await systemd.told(RELOADING="1")
            await systemd.told(READY="1", STATUS="serving fake; new: access")
            problems.append(ConfigError("unknown key", file="config.yaml", line=3, key="x"))
            hung_up.set()
            await systemd.told(RELOADING="1")
            status = "serving fake; not reloaded: config.yaml:3: x: unknown key"
            await systemd.told(READY="1", STATUS=status)


async def test_a_hangup_before_it_is_ready_is_obeyed_afterwards(tmp_path: Path) -> None:
    slow = Connecting()
    with Systemd(tmp_path) as systemd:
        async with attended(systemd, Heart(), slow) as hung_up:
            hung_up.set()
            await systemd.told(STATUS="connecting to fake")
            slow.connected.set()
            await systemd.told(READY="1", STATUS="serving fake")
            await systemd.told(READY="1", STATUS="serving fake; new: nothing")
