"""Updates and events with things wrong in them, between good ones."""

from __future__ import annotations

import random
import time

from bench.report import Figure
from bot.testing.common.mangle import mangled
from bot.testing.discord import UNLIMITED as DISCORD_UNLIMITED
from bot.testing.discord import DiscordServer
from bot.testing.telegram import UNLIMITED, TelegramServer
from bot.types import Event, Received
from tests.adapters import discord_bot, telegram_bot
from tests.fuzz import telegram_updates
from tests.fuzz.discord_frames import Corpus

PATIENCE = 600.0
GOOD = 20
"""Messages that are right, spread among the others."""
BATCH = 100


async def measure(count: int) -> list[dict[str, Figure]]:
    return [await _telegram(count), await _discord(count)]


async def _telegram(count: int) -> dict[str, Figure]:
    dice, corpus = random.Random(7), await telegram_updates.samples()
    async with TelegramServer(rates=UNLIMITED) as server, telegram_bot.running(server) as bot:
        ann, begun = server.person(1001, "Ann"), time.perf_counter()
        for number in range(count):
            server.world.updates.add_raw(mangled(dice.choice(corpus), dice))
            if number % (count // GOOD) == 0:
                ann.says(f"good {number}")
            if number % BATCH == 0:
                await server.until(lambda: not server.world.updates.pending, PATIENCE)
        await server.until(lambda: not server.world.updates.pending, PATIENCE)
        return _row("Telegram", count, begun, bot.inbox.events, 0)


async def _discord(count: int) -> dict[str, Figure]:
    dice = random.Random(7)
    async with DiscordServer(rates=DISCORD_UNLIMITED) as server:
        corpus = Corpus(server)
        async with discord_bot.running(server) as bot:
            (session,) = server.gateway.sessions.values()
            begun = time.perf_counter()
            for number in range(count):
                corpus.send_mangled(session, dice)
                if number % (count // GOOD) == 0:
                    corpus.ann.says(f"good {number}")
                    await server.until(
                        lambda text=f"good {number}": _heard(bot.inbox.events, text),  # type: ignore[misc]
                        PATIENCE,
                    )
            crashes = int(list(server.gateway.sessions.values()) != [session])
            return _row("Discord", count, begun, bot.inbox.events, crashes)


def _heard(events: list[Event], text: str) -> bool:
    return any(isinstance(e, Received) and e.message.text == text for e in events)


def _row(
    network: str, count: int, begun: float, events: list[Event], crashes: int
) -> dict[str, Figure]:
    good = sum(isinstance(e, Received) and str(e.message.text).startswith("good ") for e in events)
    return {
        "network": network,
        "malformed": count,
        "crashes": crashes,
        "good ones lost": GOOD - good,
        "a second": count / (time.perf_counter() - begun),
    }
