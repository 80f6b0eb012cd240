"""chinwag as a process of its own on both networks at once, as systemd would run it."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.testing.discord import UNLIMITED as DISCORD_UNLIMITED
from bot.testing.discord import DiscordServer
from bot.testing.telegram import UNLIMITED, TelegramServer
from tests.service.systemd import Systemd

PATIENCE = 180.0
"""Seconds; a slow machine is no fault of the bot's."""
CHINWAG = (sys.executable, "-m", "bot")


@dataclass
class Both:
    """The bot, and the networks that it is on."""

    telegram: TelegramServer
    discord: DiscordServer
    home: Path
    systemd: Systemd
    program: Sequence[str] = CHINWAG
    process: Process | None = field(default=None, init=False)

    def configure(self, **more: Any) -> None:
        telegram = {
            "token": self.telegram.token,
            "base_url": self.telegram.base_url,
            "base_file_url": self.telegram.base_file_url,
        }
        discord = {"token": self.discord.token, "api_url": self.discord.api_url}
        config = {
            "home": str(self.home),
            "adapters": {"telegram": telegram, "discord": discord},
            "access": {"allow": ["everyone"]},
            "limits": {"user": {"messages_per_minute": 0, "waiting": 0}},
            "turns": {"max_waiting": 1000},
            "log": {"format": "json"},
        }
        self.config.write_text(yaml.safe_dump(config | more))
        self.config.chmod(0o600)

    @property
    def config(self) -> Path:
        return self.home / "config.yaml"

    @property
    def log(self) -> Path:
        return self.home / "stderr.log"

    async def start(self) -> None:
        """Returns once it says that it is ready: connected to both."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(*self.program, "run", "--config", str(self.config)),
                env=os.environ | dict(self.systemd.environ),
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(PATIENCE):
            await self.systemd.told(READY="1")
        await self.discord.ready(seconds=PATIENCE)

    async def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def end(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return await self.process.wait()


@asynccontextmanager
async def both(home: Path, config: Mapping[str, Any], **more: Any) -> AsyncIterator[Both]:
    """Not started yet."""
    home.mkdir(parents=True)
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(TelegramServer(rates=UNLIMITED))
        discord = await stack.enter_async_context(DiscordServer(rates=DISCORD_UNLIMITED))
        discord.gateway.identify_seconds = 0.0  # it is begun more often than one does in a day
        systemd = stack.enter_context(Systemd(home))
        bot = Both(telegram, discord, home, systemd, **more)
        bot.configure(**config)
        stack.push_async_callback(bot.kill)
        yield bot
