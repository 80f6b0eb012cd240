"""The units as a real systemd runs them; part of `make soak`, since each boots a machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot import texts
from bot.testing.telegram import Message
from tests.adapters.telegram_process import answers
from tests.service.machine.chinwag import HANGING, HOME, OWN, SYSTEM, Scope, Service, service

pytestmark = [pytest.mark.soak, pytest.mark.timeout(300)]

COUNT = " ".join(map(str, range(80)))
SLOW = {
    "kind": "scripted",
    "tokens_per_second": 10,
    "script": [
        {"match": "count", "text": COUNT},
        {"match": "endless", "text": "on and " * 2000},
        {"match": "(.*)", "text": r"You said: \1"},
    ],
}


async def answered(it: Service, asked: Message, text: str) -> None:
    await it.server.until(lambda: answers(it.server, asked) == [text], 60)


async def is_answered(it: Service) -> None:
    await answered(it, it.server.person(1001, "Ann").says("hello"), "You said: hello")


async def privileges(it: Service) -> list[str]:
    """What the kernel says of the running bot, with 2 for a filter of system calls."""
    wanted = "^(CapBnd|NoNewPrivs|Seccomp):"
    lines = await it.run(f"grep -E '{wanted}' /proc/{await it.tells('MainPID')}/status")
    named = (line.split() for line in lines.splitlines())
    return [f"{name} {int(value, 16):x}" for name, value in named]


# --- starting ------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", [SYSTEM, OWN], ids=["system", "user"])
async def test_it_is_started_once_its_network_is_there(scope: Scope, tmp_path: Path) -> None:
    async with service(tmp_path, scope) as it:
        it.server.faults.offline = True
        await it.systemctl("start --no-block")
        await it.until("StatusText", "connecting to telegram")
        assert await it.tells("ActiveState") == "activating"
        it.server.faults.clear()
        await it.until("ActiveState", "active")
        assert await it.tells("StatusText") == "serving telegram"
        await is_answered(it)
        await it.systemctl("stop")
        assert await it.tells("Result") == "success"


async def test_a_model_that_loads_longer_than_the_unit_allows_is_waited_for(tmp_path: Path) -> None:
    async with service(tmp_path) as it:
        await it.change_program(HANGING, "TimeoutStartSec=15s")
        await it.run(f"install -d -o chinwag -g chinwag -m 700 {HOME} && touch {HOME}/loads")
        await it.systemctl("start --no-block")
        await it.until("StatusText", "reading the weights, 42%")
        await it.run("sleep 16")
        assert await it.tells("ActiveState") == "activating"
        await it.run(f"rm {HOME}/loads")
        await it.until("ActiveState", "active")


async def test_the_model_runs_in_all_that_is_closed(tmp_path: Path) -> None:
    """The demo model: torch, its threads and its compiler under the filters of system calls."""
    demo = {"kind": "local", "model": "demo"}
    async with service(tmp_path, engine=demo, log={"level": "debug"}) as it:
        await it.systemctl("start")
        asked = it.server.person(1001, "Ann").says("hello")
        await it.server.until(lambda: answers(it.server, asked), 60)
        assert await privileges(it) == ["CapBnd: 0", "NoNewPrivs: 1", "Seccomp: 2"]
        await it.systemctl("stop")
        assert await it.tells("Result") == "success"
        assert (await it.run(f"stat -c '%U %a' {HOME}")).split() == ["chinwag", "700"]
        lines = (await it.machine.journal()).splitlines()
        logged = [json.loads(line) for line in lines if line.startswith("{")]
        assert {"ready", "turn ended"} <= {line["event"] for line in logged}
        assert it.server.token not in "".join(lines)


# --- ending --------------------------------------------------------------------------------------


async def test_a_stop_waits_for_the_reply_under_way_longer_than_the_unit_allows(
    tmp_path: Path,
) -> None:
    async with service(tmp_path, engine=SLOW) as it:
        await it.change("TimeoutStopSec=5s")
        await it.systemctl("start")
        ann = it.server.person(1001, "Ann")
        asked = ann.says("count")
        await it.server.until(lambda: ann.private.drafts)
        await it.systemctl("stop --no-block")
        await it.until("StatusText", "draining, replies under way: 1")
        assert await it.tells("ActiveState") == "deactivating"
        await it.until("ActiveState", "inactive")
        assert answers(it.server, asked) == [COUNT]
        assert await it.tells("Result") == "success"


async def test_a_stop_marks_what_does_not_end_in_time(tmp_path: Path) -> None:
    async with service(tmp_path, engine=SLOW, service={"drain_seconds": 0.1}) as it:
        await it.systemctl("start")
        ann = it.server.person(1001, "Ann")
        asked = ann.says("endless")
        await it.server.until(lambda: ann.private.drafts)
        await it.systemctl("stop")
        [answer] = answers(it.server, asked)
        assert texts.CUT_BY_RESTART() in answer
        assert await it.tells("Result") == "success"


# --- reloading -----------------------------------------------------------------------------------


async def test_a_reload_says_what_holds_now_and_what_does_not(tmp_path: Path) -> None:
    async with service(tmp_path) as it:
        await it.systemctl("start")
        await it.configure(access={"owner": ["telegram:1001"]}, turns={"max_waiting": 3})
        await it.systemctl("reload")
        await it.until("StatusText", "serving telegram; new: access; after a restart: turns")
        assert await it.tells("ActiveState") == "active"
        assert await it.tells("NRestarts") == "0"


# --- breaking ------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["hang", "freeze"])
async def test_one_that_hangs_is_killed_and_started_again(how: str, tmp_path: Path) -> None:
    async with service(tmp_path) as it:
        after = f"ExecStopPost=rm {HOME}/{how}"
        await it.change_program(HANGING, "WatchdogSec=5s", "RestartSec=0", after)
        await it.systemctl("start")
        await it.run(f"touch {HOME}/{how}")
        await it.until("NRestarts", "1", "2")  # a machine under load may be late once more
        await it.until("ActiveState", "active")
        await is_answered(it)
        journal = await it.machine.journal()
        assert "Watchdog timeout" in journal
        assert "Fatal Python error: Aborted" in journal  # and where each thread stood


async def test_one_that_is_killed_is_started_again_however_often_that_is(tmp_path: Path) -> None:
    async with service(tmp_path) as it:
        await it.change("RestartSec=0")
        await it.systemctl("start")
        for number in range(1, 7):
            await it.systemctl("kill --signal=KILL")
            await it.until("NRestarts", str(number))
            await it.until("ActiveState", "active")
        await is_answered(it)


@pytest.mark.parametrize(
    ("code", "config", "then"),
    [
        ("2", {"nonsense": True}, "failed"),
        ("3", {"engine": {"kind": "local", "model": "/no/such/folder"}}, "auto-restart"),
        ("4", {}, "failed"),
    ],
    ids=["a config that is wrong", "a model that is not there", "a token that is refused"],
)
async def test_a_start_that_fails_is_tried_again_where_that_may_help(
    code: str, config: dict[str, object], then: str, tmp_path: Path
) -> None:
    async with service(tmp_path) as it:
        await it.configure(**config)
        if code == "4":
            it.server.revoke_token()
        await it.change("RestartSec=1h")
        with pytest.raises(AssertionError, match="failed because"):
            await it.systemctl("start")
        await it.until("SubState", then)
        assert await it.tells("ExecMainStatus") == code
