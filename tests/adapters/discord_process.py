"""chinwag as a process of its own, on the strict Discord."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from bot.testing.discord import DiscordServer, Message

CHINWAG = (str(Path(sys.executable).with_name("chinwag")),)


class Chinwag:
    """`log` is where its lines go; they stay there over restarts. `program` is what is run."""

    def __init__(self, server: DiscordServer, home: Path, **more: Any):
        self.server, self.home = server, home
        self.log = home / "stderr.log"
        self.process: Process | None = None
        self.program: Sequence[str] = more.pop("program", CHINWAG)
        discord = {"token_env": "DISCORD_TOKEN", "api_url": server.api_url}
        config = {
            "home": str(home),
            "engine": {"kind": "scripted", "concurrency": 256, "max_queue": 4096},
            "adapters": {"discord": discord | more.pop("discord", {})},
            "access": {"owner": ["discord:2001"], "allow": ["everyone"]},
            "limits": {"user": {"messages_per_minute": 0, "waiting": 0}},
            "log": {"level": "debug", "format": "json"},
        }
        config["engine"] |= more.pop("engine", {})
        self.config = home / "config.yaml"
        self.config.write_text(yaml.safe_dump(config | more))

    async def start(self) -> None:
        """Returns once it listens."""
        before = self.log.read_text().count("discord connected") if self.log.exists() else 0
        self.process = await self.spawn()
        async with asyncio.timeout(60):
            while self.log.read_text().count("discord connected") == before:
                assert self.process.returncode is None, self.log.read_text()[-3000:]
                await self.server.world.stirred.wait(0.2)

    async def spawn(self, token: str = "") -> Process:
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(*self.program, "run", "--config", str(self.config)),
                env=os.environ | {"DISCORD_TOKEN": token or self.server.token},
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
        async with asyncio.timeout(30):
            while words not in self.log.read_text():
                await self.server.world.stirred.wait(0.2)


@asynccontextmanager
async def chinwag(server: DiscordServer, home: Path, **more: Any) -> AsyncIterator[Chinwag]:
    bot = Chinwag(server, home, **more)
    try:
        await bot.start()
        yield bot
    finally:
        if bot.process is not None and bot.process.returncode is None:
            await bot.kill()


def answers(server: DiscordServer, to: Message) -> list[str]:
    """The texts of the bot's messages that reply to this one."""
    return [message.text for message in to.channel.by(server.bot.id) if message.reference is to]
