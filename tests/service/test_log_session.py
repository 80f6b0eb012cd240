"""A whole session of the bot on both networks at level DEBUG, read line by line."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.testing.discord import DiscordServer
from bot.testing.telegram import TelegramServer
from tests.adapters.telegram_process import Chinwag

pytestmark = pytest.mark.slow

SAID = ("xylophone", "quagmire", "zeppelin", "marzipan", "obelisk")
"""Words of a question, of thoughts, of an answer, of a file, of a system prompt."""
ENGINE = {
    "tokens_per_second": 50,
    "script": [
        {"match": "break", "text": "zeppelin zeppelin", "error": "No more.", "error_after": 1},
        {"match": ".*", "thinking": "quagmire", "text": "zeppelin"},
    ],
}
OF_A_TURN = ("bot.answer", "bot.chat", "bot.delivery", "bot.generation")

Line = Mapping[str, Any]


class Session:
    """One bot that serves two networks."""

    def __init__(self, telegram: TelegramServer, discord: DiscordServer, bot: Chinwag):
        self.telegram, self.discord, self.bot = telegram, discord, bot

    async def happen(self) -> None:
        """Questions, files, commands, buttons and failures of each kind."""
        ann, bea = self.telegram.person(1001, "Ann"), self.discord.user("Bea", id=2001)
        await self._is_answered_while_all_fails(ann, bea)
        ann.says("/system Obey the obelisk")
        ann.sends_file("a.txt", b"marzipan", caption="xylophone")
        ann.says("break the xylophone")
        bea.says("break the xylophone")
        await self._logs("generation broke off", times=2)
        await self._logs("turn ended", times=5)
        assert await self.bot.end() == 0

    async def _is_answered_while_all_fails(self, ann: Any, bea: Any) -> None:
        for kind in ("status", "reset", "flood"):
            self.telegram.faults.add(kind, "sendMessage")
            self.telegram.faults.add(kind, "getUpdates")
        ann.says("xylophone?")
        bea.says("xylophone?")
        await self._logs("turn ended", times=2)

    async def _logs(self, event: str, *, times: int) -> None:
        def has() -> bool:
            return self.bot.log.read_text().count(f'"event": "{event}"') >= times

        while not has():
            await self.telegram.world.stirred.wait(0.2)

    @property
    def lines(self) -> list[Line]:
        return [json.loads(line) for line in self.bot.log.read_text().splitlines()]


@asynccontextmanager
async def session(home: Path, *, texts: bool) -> AsyncIterator[Session]:
    async with TelegramServer() as telegram, DiscordServer() as discord:
        adapters = {
            "telegram": {
                "token_env": "TELEGRAM_TOKEN",
                "base_url": telegram.base_url,
                "base_file_url": telegram.base_file_url,
            },
            "discord": {"token_env": "DISCORD_TOKEN", "api_url": discord.api_url},
        }
        log = {"level": "debug", "format": "json", "texts": texts}
        bot = Chinwag(telegram, home, engine=ENGINE, adapters=adapters, log=log)
        bot.environ = {"DISCORD_TOKEN": discord.token}
        await bot.start()
        it = Session(telegram, discord, bot)
        try:
            await it._logs("ready", times=1)
            yield it
        finally:
            if bot.process is not None and bot.process.returncode is None:
                await bot.kill()


async def test_no_line_holds_a_token_or_what_anyone_said_and_each_of_a_turn_its_id(
    tmp_path: Path,
) -> None:
    async with session(tmp_path, texts=False) as it:
        await it.happen()
        text = it.bot.log.read_text()
        for token in (it.telegram.token, it.discord.token):
            for part in (token, token.rpartition(":")[2], token.rpartition(".")[2]):
                assert part not in text
        for word in SAID:
            assert word not in text
        events = [line["event"] for line in it.lines]
        assert {"telegram connected", "discord connected", "generation broke off"} <= set(events)
        of_turns = [line for line in it.lines if line["logger"].startswith(OF_A_TURN)]
        assert of_turns
        assert [line for line in of_turns if "turn" not in line] == []
        begun = {line["turn"] for line in of_turns if line["event"] == "turn begun"}
        assert begun == {line["turn"] for line in of_turns if line["event"] == "turn ended"}
        assert len(begun) == 5


async def test_what_is_said_is_logged_where_the_config_says_so(tmp_path: Path) -> None:
    async with session(tmp_path, texts=True) as it:
        await it.happen()
        text = it.bot.log.read_text()
        assert "xylophone" in text
        assert "zeppelin" in text
        for token in (it.telegram.token, it.discord.token):
            assert token not in text
