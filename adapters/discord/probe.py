"""What Discord says of the bot before it serves. Opens no session: a bot that runs goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
import discord

from adapters.discord.client import Client, build, may_read_content
from adapters.discord.config import DiscordConfig
from adapters.discord.failures import ADVICE, OUT_OF_REACH
from bot.types import Finding

NAME = "discord"
TOLERANCE = 30.0
"""Seconds between two clocks."""
FEW_SESSIONS = 50
"""Of the thousand starts a day after which Discord takes the token away."""


async def probe(config: DiscordConfig, token: str) -> Sequence[Finding]:
    client = build(config, content=False)
    try:
        async with client:
            await client.login(token)
            return [finding async for finding in _findings(client, config)]
    except discord.LoginFailure:
        return [Finding(NAME, "the token is refused", ADVICE, ok=False)]
    except (discord.DiscordException, *OUT_OF_REACH) as error:
        found = f"can't be reached: {type(error).__name__} {error}".strip()
        return [Finding(NAME, found, f"see that this machine reaches {config.api_url}", ok=False)]


async def _findings(client: Client, config: DiscordConfig) -> AsyncIterator[Finding]:
    yield Finding(NAME, f"the token is that of {client.me}")
    yield _content(client)
    yield await _sessions(client)
    yield await _clock(config)


def _content(client: Client) -> Finding:
    what = f"{NAME} message content"
    if may_read_content(client):
        return Finding(what, "the intent is on: it can read what is not said to it")
    advice = (
        "right for `respond: mention`; for `always`: turn on Message Content Intent under Bot at "
        "https://discord.com/developers/applications"
    )
    return Finding(what, "the intent is off: it reads mentions and direct messages", advice)


async def _sessions(client: Client) -> Finding:
    what = f"{NAME} sessions"
    limits = (await client.http.request(discord.http.Route("GET", "/gateway/bot")))[
        "session_start_limit"
    ]
    found = f"{limits['remaining']} of {limits['total']} starts are left today"
    if limits["remaining"] < FEW_SESSIONS:
        advice = "see what starts it over and over: at none left Discord resets the token"
        return Finding(what, found, advice, ok=False)
    return Finding(what, found)


async def _clock(config: DiscordConfig) -> Finding:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{config.api_url}/gateway", timeout=aiohttp.ClientTimeout(20)) as answer,
    ):
        date = answer.headers.get("Date", "")
    try:
        theirs = parsedate_to_datetime(date).astimezone(UTC)
    except ValueError:
        return Finding("clock", "Discord did not tell the time")
    off = abs((theirs - datetime.now(UTC)).total_seconds())
    if off > TOLERANCE:
        advice = "set it: turn on NTP (timedatectl set-ntp true)"
        return Finding("clock", f"{off:.0f} s from Discord's", advice, ok=False)
    return Finding("clock", "agrees with Discord's")
