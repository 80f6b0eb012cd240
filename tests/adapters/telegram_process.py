"""chinwag as a process of its own, on the strict Bot API server."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from bot.testing.telegram import Message, TelegramServer

CHINWAG = str(Path(sys.executable).with_name("chinwag"))


class Chinwag:
    """`log` is where its lines go; they stay there over restarts."""

    command: Sequence[str] = (CHINWAG,)
    environ: Mapping[str, str] = {}

    def __init__(self, server: TelegramServer, home: Path, **more: Any):
        self.server, self.home = server, home
        self.log = home / "stderr.log"
        self.process: Process | None = None
        telegram = {
            "token_env": "TELEGRAM_TOKEN",
            "base_url": server.base_url,
            "base_file_url": server.base_file_url,
        }
        config: dict[str, Any] = {
            "home": str(home),
            "engine": {"kind": "scripted", "concurrency": 64, "max_queue": 4096},
            "adapters": {"telegram": telegram},
            "access": {"owner": ["telegram:1001"], "allow": ["everyone"]},
            "limits": {"user": {"messages_per_minute": 0, "waiting": 0}},
            "log": {"level": "debug", "format": "json"},
        }
        engine = more.pop("engine", {})
        config["engine"] = engine if "kind" in engine else config["engine"] | engine
        self.config = home / "config.yaml"
        self.config.write_text(yaml.safe_dump(config | more))

    async def start(self) -> None:
        polls = self.server.api.calls["getUpdates"]
        self.process = await self.spawn()
        await self.server.until(lambda: self.server.api.calls["getUpdates"] > polls, 60)

    async def spawn(self, token: str = "") -> Process:
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(*self.command, "run", "--config", str(self.config)),
                env=os.environ | self.environ | {"TELEGRAM_TOKEN": token or self.server.token},
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


@asynccontextmanager
async def chinwag(server: TelegramServer, home: Path, **more: Any) -> AsyncIterator[Chinwag]:
    bot = Chinwag(server, home, **more)
    await bot.start()
    try:
        yield bot
    finally:
        if bot.process is not None and bot.process.returncode is None:
            await bot.kill()


def answers(server: TelegramServer, to: Message) -> list[str]:
    """The texts of the bot's messages that reply to this one."""
    mine = to.chat.by(server.world.bot_id)
    return [message.text for message in mine if message.reply_to is to]
