"""The gateway does not starve while the model computes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bot.testing.discord import DiscordServer
from tests.adapters.discord_process import chinwag

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CHANNELS = 200
PREFILL, INTERVAL = 30.0, 5.0
"""Seconds. A connection whose heartbeat is late by half an interval is closed by the server."""
ENGINE = {
    "tokens_per_second": 4,
    "script": [
        {"match": "prefill", "text": "At last.", "delay": PREFILL},
        {"match": "tell", "text": "on and on " * 60},
    ],
}
BUSY = (sys.executable, "-m", "tests.adapters.busy_chinwag")


async def test_heartbeats_are_on_time_through_a_long_prefill_and_200_replies(
    tmp_path: Path,
) -> None:
    async with (
        DiscordServer(heartbeat=INTERVAL) as server,
        chinwag(server, tmp_path, engine=ENGINE, command=BUSY),
    ):
        ann = server.user("Ann", id=2001)
        home = server.guild("Home", ann)
        channels = [home.text(f"c{number}") for number in range(CHANNELS)]
        for channel in channels:
            ann.says(f"{server.bot.mention} tell me", channel)
        slowest = ann.says("prefill")
        await server.until(lambda: len(slowest.channel.shown) > 1, 2 * PREFILL)
        assert slowest.channel.shown[-1].text in ("At", "At last.")
        await server.until(lambda: all(len(c.shown) > 1 for c in channels), 120)
        used = ann.uses("/help")
        await server.until(lambda: used.answer)
        assert not used.failed
        assert len(server.gateway.heartbeats.beats) >= PREFILL / INTERVAL
        assert server.gateway.heartbeats.late(INTERVAL / 2) == []
        assert len(server.gateway.sessions) == 1
        assert not server.gateway.closed
