"""chinwag as a service of a machine of its own, installed as docs/service.md says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

import yaml

from bot.testing.telegram import TelegramServer
from tests.service.machine import PAUSE, Machine, machine

CHINWAG = "/opt/chinwag/bin/chinwag"
HANGING = "/opt/chinwag/bin/python -m tests.service.hanging"
HOME = "/var/lib/chinwag"

MANAGER = """
useradd --create-home ann
cat >/etc/systemd/system/ann.service <<UNIT
[Service]
Type=notify
User=ann
Environment=XDG_RUNTIME_DIR=/run/ann HOME=/home/ann
RuntimeDirectory=ann
Delegate=yes
ExecStart=/lib/systemd/systemd --user
UNIT
systemctl daemon-reload
systemctl start ann
"""


@dataclass(frozen=True)
class Scope:
    """`before` is done once to have that systemd; `within` is around each command to it."""

    install: str
    systemctl: str
    units: str
    config: str
    within: str = "sh -c "
    before: str = ""


SYSTEM = Scope(
    install="service install",
    systemctl="systemctl",
    units="/etc/systemd/system",
    config="/etc/chinwag/config.yaml",
)
OWN = Scope(
    install="service install --user",
    systemctl="systemctl --user",
    units="/home/ann/.config/systemd/user",
    config="/home/ann/config.yaml",
    within="runuser -u ann -- env XDG_RUNTIME_DIR=/run/ann HOME=/home/ann sh -c ",
    before=MANAGER,
)


class Service:
    def __init__(self, machine: Machine, scope: Scope, server: TelegramServer):
        self.machine, self.scope, self.server = machine, scope, server

    async def run(self, command: str, given: str = "") -> str:
        """As whoever the service belongs to, and with a pipe of theirs to read from."""
        as_typed = f"cat | {{\n{command}\n}}"
        return await self.machine.run(self.scope.within + quote(as_typed), given)

    async def write(self, file: str, text: str) -> None:
        await self.run(f"install -D -m 644 /dev/stdin {file}", text)

    async def configure(self, **more: Any) -> None:
        telegram = {
            "token_env": "TELEGRAM_TOKEN",
            "base_url": self.server.base_url,
            "base_file_url": self.server.base_file_url,
        }
        config = {
            "engine": {"kind": "scripted"},
            "adapters": {"telegram": telegram},
            "access": {"owner": ["telegram:1001"], "allow": ["everyone"]},
        }
        await self.write(self.scope.config, yaml.safe_dump(config | more))

    async def install(self) -> None:
        """By the commands that it says are left, up to the start."""
        said = await self.run(f"{CHINWAG} {self.scope.install} --config {self.scope.config}")
        for step in map(str.strip, said.splitlines()[1:]):
            if "enable" in step:
                break
            await self.run(step, self.server.token)

    async def change(self, *lines: str) -> None:
        """As `systemctl edit` does."""
        changes = "\n".join(("[Service]", *lines, ""))
        await self.write(f"{self.scope.units}/chinwag.service.d/override.conf", changes)
        await self.run(f"{self.scope.systemctl} daemon-reload")

    async def change_program(self, program: str, *lines: str) -> None:
        start = f"ExecStart={program} run --config {self.scope.config}"
        await self.change("ExecStart=", start, f"Environment=HANGING={HOME}", *lines)

    async def systemctl(self, command: str) -> str:
        return await self.run(f"{self.scope.systemctl} {command} chinwag")

    async def tells(self, name: str) -> str:
        """A property, as systemd knows it."""
        return (await self.systemctl(f"show --property={name} --value")).strip()

    async def until(self, name: str, *values: str) -> None:
        """It has one of these; bounded by the test's own time-out."""
        while await self.tells(name) not in values:  # noqa: ASYNC110 – systemd has no event for it
            await asyncio.sleep(PAUSE)


@asynccontextmanager
async def service(folder: Path, scope: Scope = SYSTEM, **config: Any) -> AsyncIterator[Service]:
    """Installed and not started."""
    async with TelegramServer() as server, machine(folder) as running:
        it = Service(running, scope, server)
        await running.run(scope.before)
        await it.configure(**config)
        await it.install()
        yield it
