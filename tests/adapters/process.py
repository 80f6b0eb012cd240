"""chinwag as a process of its own, beside a strict server."""

from __future__ import annotations

import asyncio
import os
import sys
from abc import ABC, abstractmethod
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

import yaml

from bot.testing.common.server import LoopbackServer

CHINWAG = str(Path(sys.executable).with_name("chinwag"))

S = TypeVar("S", bound=LoopbackServer)


class ChinwagProcess(ABC, Generic[S]):
    """On one `network`, with one of its people as `owner` and everyone let in. `log` is where its
    lines go; they stay there over restarts. `command` is what is run, in the `environ` of a test's
    own."""

    network: ClassVar[str]
    owner: ClassVar[str]
    command: Sequence[str] = (CHINWAG,)
    environ: Mapping[str, str] = {}

    def __init__(self, server: S, home: Path, **more: Any):
        """`more` is for the config; what is the network's or the engine's is merged into this."""
        self.server, self.home = server, home
        self.log = home / "stderr.log"
        self.process: Process | None = None
        engine = more.pop("engine", {})
        scripted = {"kind": "scripted", "concurrency": 256, "max_queue": 4096}
        config: dict[str, Any] = {
            "home": str(home),
            "engine": engine if "kind" in engine else scripted | engine,
            "adapters": {self.network: self._own | more.pop(self.network, {})},
            "access": {"owner": [f"{self.network}:{self.owner}"], "allow": ["everyone"]},
            "limits": {"user": {"messages_per_minute": 0, "waiting": 0}},
            "log": {"level": "debug", "format": "json"},
        }
        self.config = home / "config.yaml"
        self.config.write_text(yaml.safe_dump(config | more))

    @property
    def _own(self) -> dict[str, str]:
        return self.addresses | {"token_env": self._variable}

    @property
    def _variable(self) -> str:
        return f"{self.network.upper()}_TOKEN"

    @property
    @abstractmethod
    def addresses(self) -> dict[str, str]:
        """What the adapter's config says of the server."""

    @abstractmethod
    def arrivals(self) -> int:
        """How often it has begun to listen."""

    @property
    def lines(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    async def start(self) -> None:
        """Returns once it listens."""
        before = self.arrivals()
        self.process = process = await self.spawn()
        await self.server.until(
            lambda: self.arrivals() > before or process.returncode is not None, 60
        )
        assert process.returncode is None, self.lines[-3000:]

    async def spawn(self, token: str = "") -> Process:
        secret = {self._variable: token or self.server.token}
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(*self.command, "run", "--config", str(self.config)),
                env=os.environ | self.environ | secret,
                stdout=log,
                stderr=log,
            )

    async def kill(self) -> None:
        """As kill -9 does."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def end(self) -> int:
        """As systemd does. Returns the exit code."""
        assert self.process is not None
        self.process.terminate()
        return await self.process.wait()

    async def logged(self, words: str) -> None:
        await self.server.until(lambda: words in self.lines, 30)

    @classmethod
    @asynccontextmanager
    async def running(
        cls, server: S, home: Path, *, command: Sequence[str] = (), **more: Any
    ) -> AsyncIterator[Self]:
        bot = cls(server, home, **more)
        bot.command = command or cls.command
        try:
            await bot.start()
            yield bot
        finally:
            if bot.process is not None and bot.process.returncode is None:
                await bot.kill()
