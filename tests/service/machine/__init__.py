"""A real systemd, as the first process of namespaces of its own, with chinwag beneath /opt.

Nothing that happens in it lasts: its files are an overlay in memory. It shares the loopback network
with the test, and so the test's servers.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from sysconfig import get_path

import pytest

import bot

HERE = Path(__file__).parent
CODE = Path(bot.__file__).parents[1]
PROGRAMS = ("/lib/systemd/systemd", "systemctl", "journalctl", "unshare", "nsenter", "runuser")
NAMESPACES = ("--mount", "--pid", "--cgroup", "--ipc", "--uts")
PATIENCE = 30.0
"""Seconds for the machine to come up, or to go."""
PAUSE = 0.05
UMASK = 0o022
"""As a machine's, whatever the test's process has: the service's user must get beneath its root."""


class Machine:
    def __init__(self, first_process: int):
        self._enter = ("nsenter", f"--target={first_process}", "--all", "sh", "-c")

    async def run(self, command: str, given: str = "") -> str:
        """What the command prints. Raises AssertionError with that where it fails."""
        process = await asyncio.create_subprocess_exec(
            *(*self._enter, command), stdin=PIPE, stdout=PIPE, stderr=STDOUT, umask=UMASK
        )
        printed, _ = await process.communicate(given.encode())
        assert process.returncode == 0, f"{command}: {printed.decode()}"
        return printed.decode()

    async def journal(self) -> str:
        """All that the service and systemd said of it."""
        return await self.run("journalctl --unit=chinwag --output=cat")


@asynccontextmanager
async def machine(folder: Path) -> AsyncIterator[Machine]:
    """Booted, with chinwag at /opt/chinwag/bin. Skips the test where that can't be."""
    if why := _why_not():
        pytest.skip(why)
    root, log = folder / "machine", folder / "boot.log"
    root.mkdir()
    with _cgroup(folder) as cgroup:
        process = await _boot(root, log, cgroup)
        try:
            first = await _first_process(process, log)
            booted = Machine(first)
            await booted.run((HERE / "install.sh").read_text())
            yield booted
        finally:
            if process.returncode is None:
                process.kill()  # and with it the first process, and with that all of them
            await process.wait()


def _why_not() -> str:
    if os.geteuid() != 0:
        return "systemd as a first process needs root"
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    return f"needs {', '.join(missing)}" if missing else ""


@contextmanager
def _cgroup(folder: Path) -> Iterator[Path]:
    """In which the machine's own cgroups begin."""
    mounts = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    tops = [Path(mount[1]) for mount in mounts if mount[2] == "cgroup2"]
    if not tops:
        pytest.skip("no cgroup2 is mounted")
    own = tops[0] / f"chinwag-{os.getpid()}-{folder.name}"
    try:
        own.mkdir()
    except OSError as error:
        pytest.skip(f"no cgroup can be made: {error}")
    try:
        yield own
    finally:
        _remove(own)


def _remove(cgroup: Path) -> None:
    """Processes that were killed take a moment to leave it."""
    end = time.monotonic() + PATIENCE
    for folder, _, _ in os.walk(cgroup, topdown=False):
        while True:
            try:
                Path(folder).rmdir()
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(PAUSE)


async def _boot(root: Path, log: Path, cgroup: Path) -> Process:
    boot = (HERE / "boot.sh", root, sys.base_prefix, get_path("purelib"), CODE)
    unshare = ("unshare", "--fork", "--kill-child", "--propagation=private", *NAMESPACES)
    join = f'echo $$ >{cgroup}/cgroup.procs; exec "$@"'
    with log.open("wb") as out:
        return await asyncio.create_subprocess_exec(
            *("sh", "-c", join, "sh", *unshare, "sh", *map(str, boot)),
            stdout=out, stderr=out, umask=UMASK,
        )  # fmt: skip


async def _first_process(boot: Process, log: Path) -> int:
    """Of the machine, by its number out here, once it takes commands."""
    children = Path(f"/proc/{boot.pid}/task/{boot.pid}/children")
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and boot.returncode is None:
        for child in children.read_text().split():
            if Path(f"/proc/{child}/root/run/systemd/private").exists():
                return int(child)
        await asyncio.sleep(PAUSE)
    pytest.skip(f"systemd did not start in namespaces of its own: {log.read_text()}")
