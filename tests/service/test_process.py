"""The bot as a process that systemd looks after, with its notify socket and its signals."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import texts
from bot.testing.telegram import TelegramServer
from tests.adapters.process import CHINWAG
from tests.adapters.telegram_process import Chinwag, answers
from tests.core.house import eventually
from tests.service.systemd import Said, Systemd

pytestmark = pytest.mark.slow

COUNT = "one two three four five six seven eight nine ten"
SLOW = {
    "tokens_per_second": 10,
    "script": [
        {"match": "count", "text": COUNT},
        {"match": "endless", "text": "on and " * 2000},
        {"match": "(.*)", "text": r"You said: \1"},
    ],
}


@dataclass
class Unit:
    bot: Chinwag
    systemd: Systemd
    server: TelegramServer

    async def start(self) -> None:
        self.bot.process = await self.bot.spawn()

    async def ready(self) -> None:
        await self.start()
        await self.told(READY="1")

    async def told(self, **state: str) -> Said:
        """What systemd hears next with all of this in it, unless the process ends before."""
        assert self.bot.process is not None
        hearing = asyncio.create_task(self.systemd.told(**state))
        ending = asyncio.create_task(self.bot.process.wait())
        await asyncio.wait([hearing, ending], return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if not hearing.done():
            hearing.cancel()
            raise AssertionError(f"it ended: {self.bot.log.read_text()}")
        return hearing.result()

    def send(self, number: signal.Signals) -> None:
        assert self.bot.process is not None
        self.bot.process.send_signal(number)

    async def end(self) -> int:
        """The exit code."""
        assert self.bot.process is not None
        return await self.bot.process.wait()


@asynccontextmanager
async def unit(
    folder: Path,
    *,
    watchdog: float | None = None,
    command: Sequence[str] = (CHINWAG,),
    **config: Any,
) -> AsyncIterator[Unit]:
    home = folder / "home"
    home.mkdir()
    async with TelegramServer() as server:
        with Systemd(folder, watchdog) as systemd:
            bot = Chinwag(server, home, **config)
            bot.command = command
            bot.environ = systemd.environ | {
                "HANGING": str(folder),
                "JUMPING": str(folder / "seconds"),
            }
            try:
                yield Unit(bot, systemd, server)
            finally:
                if bot.process is not None and bot.process.returncode is None:
                    await bot.kill()


async def test_it_is_ready_once_its_networks_are_connected(tmp_path: Path) -> None:
    async with unit(tmp_path) as it:
        it.server.faults.offline = True
        await it.start()
        await it.told(STATUS="connecting to telegram", EXTEND_TIMEOUT_USEC="30000000")
        assert not any("READY" in said for said in it.systemd.said)
        it.server.faults.clear()
        await it.told(READY="1", STATUS="serving telegram")


@pytest.mark.timeout(300)
async def test_loading_is_told_in_percent(tmp_path: Path) -> None:
    demo = {"kind": "local", "model": "demo", "threads": 1}
    async with unit(tmp_path, engine=demo) as it:
        await it.ready()
        loading = [said for said in it.systemd.said if said.get("STATUS", "").endswith("%")]
        assert loading
        assert all(said.keys() == {"STATUS", "EXTEND_TIMEOUT_USEC"} for said in loading)


async def test_signs_of_life_stop_while_the_engine_hangs(tmp_path: Path) -> None:
    hanging = (sys.executable, "-m", "tests.service.hanging")
    async with unit(tmp_path, watchdog=0.4, command=hanging) as it:
        await it.ready()
        await it.told(WATCHDOG="1")
        await it.told(WATCHDOG="1")
        (tmp_path / "hang").touch()
        await eventually((tmp_path / "hangs").exists)
        it.systemd.drain().clear()
        asked = it.server.person(1001, "Ann").says("hello")
        await it.server.until(lambda: answers(it.server, asked))  # the event loop is well
        assert it.systemd.drain() == []
        (tmp_path / "hang").unlink()
        await it.told(WATCHDOG="1")


async def test_what_is_under_way_ends_and_what_comes_then_waits_for_the_next_start(
    tmp_path: Path,
) -> None:
    async with unit(tmp_path, engine=SLOW) as it:
        await it.ready()
        ann, ben = it.server.person(1001, "Ann"), it.server.person(1002, "Ben")
        first = ann.says("count")
        await it.server.until(lambda: ann.private.drafts)
        it.send(signal.SIGTERM)
        stopping = await it.told(STOPPING="1")
        assert stopping["STATUS"] == "draining, replies under way: 1"
        assert int(stopping["EXTEND_TIMEOUT_USEC"]) > 20e6
        second = ben.says("hello")
        assert await it.end() == 0
        assert answers(it.server, first) == [COUNT]
        assert answers(it.server, second) == []
        await it.ready()
        await it.server.until(lambda: answers(it.server, second) == ["You said: hello"])


async def test_what_does_not_end_in_time_is_marked_in_place(tmp_path: Path) -> None:
    async with unit(tmp_path, engine=SLOW, service={"drain_seconds": 0.1}) as it:
        await it.ready()
        ann = it.server.person(1001, "Ann")
        asked = ann.says("endless")
        await it.server.until(lambda: ann.private.drafts)
        it.send(signal.SIGTERM)
        assert await it.end() == 0
        [answer] = answers(it.server, asked)
        assert answer.startswith("on and")
        assert texts.CUT_BY_RESTART() in answer


async def test_a_second_sigterm_ends_it_at_once_and_the_next_start_marks_what_was_said(
    tmp_path: Path,
) -> None:
    service, delivery = {"drain_seconds": 3600}, {"checkpoint_seconds": 0.05}
    async with unit(tmp_path, engine=SLOW, service=service, delivery=delivery) as it:
        await it.ready()
        group = it.server.group(-5, "G", it.server.person(1001, "Ann"))
        asked = it.server.people[1001].says("@chinwag_bot endless", group.chat)
        await it.server.until(lambda: "on and on" in "".join(answers(it.server, asked)))
        it.send(signal.SIGTERM)
        await it.told(STOPPING="1")
        it.send(signal.SIGTERM)
        assert await it.end() == -signal.SIGTERM
        await it.ready()
        await it.server.until(lambda: texts.CUT_BY_RESTART() in answers(it.server, asked)[0])


async def test_a_second_process_of_the_same_home_is_told_the_firsts_number(tmp_path: Path) -> None:
    async with unit(tmp_path) as it:
        await it.ready()
        assert it.bot.process is not None
        for command in ("run", "chat"):
            other = await asyncio.create_subprocess_exec(
                *(CHINWAG, command, "--config", str(it.bot.config)),
                stdin=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
            _, said = await other.communicate()
            assert other.returncode == 1
            assert f"stop process {it.bot.process.pid}" in said.decode()


async def test_a_damaged_database_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    async with unit(tmp_path) as it:
        file = it.bot.home / "chinwag.db"
        file.write_bytes(b"no database, and long enough to be none" * 100)
        content = file.read_bytes()
        await it.start()
        assert await it.end() == 1
        assert "chinwag db restore" in it.bot.log.read_text()
        assert file.read_bytes() == content


async def test_a_hangup_reloads_what_can_be_and_names_what_cannot(tmp_path: Path) -> None:
    async with unit(tmp_path, access={"allow": ["everyone"]}) as it:
        await it.ready()
        it.send(signal.SIGHUP)
        await it.told(RELOADING="1")
        await it.told(READY="1", STATUS="serving telegram; new: nothing")
        changed = yaml.safe_load(it.bot.config.read_text())
        changed |= {"access": {"owner": ["telegram:1001"]}, "turns": {"max_waiting": 3}}
        it.bot.config.write_text(yaml.safe_dump(changed))
        it.send(signal.SIGHUP)
        status = "serving telegram; new: access; after a restart: turns"
        await it.told(READY="1", STATUS=status)
        ben = it.server.person(1002, "Ben")
        ben.says("hello")
        await it.server.until(lambda: it.server.said(ben.private))
        assert "You said" not in it.server.said(ben.private)[0]
        it.bot.config.write_text("nonsense: true")
        it.send(signal.SIGHUP)
        refused = await it.told(READY="1")
        assert "not reloaded: " in refused["STATUS"]
        assert "nonsense: unknown key" in refused["STATUS"]
        it.send(signal.SIGTERM)
        assert await it.end() == 0


@pytest.mark.parametrize("seconds", [86_400, -86_400])
async def test_a_clock_that_jumps_harms_no_reply_and_no_wait(tmp_path: Path, seconds: int) -> None:
    clock = tmp_path / "seconds"
    clock.write_text("0")
    jumping = (sys.executable, "-m", "tests.service.jumping")
    async with unit(tmp_path, watchdog=1, command=jumping, engine=SLOW) as it:
        await it.ready()
        ann = it.server.person(1001, "Ann")
        asked = ann.says("count")
        await it.server.until(lambda: ann.private.drafts)
        clock.write_text(str(seconds))
        await it.server.until(lambda: answers(it.server, asked) == [COUNT])
        again = ann.says("hello")
        await it.server.until(lambda: answers(it.server, again) == ["You said: hello"])
        await it.told(WATCHDOG="1")
        it.send(signal.SIGTERM)
        assert await it.end() == 0
        assert "the clock was set" in it.bot.log.read_text()
