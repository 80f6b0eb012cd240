"""What the doctor learns of Discord, from a real server and without opening a session."""

from __future__ import annotations

import pytest

from bot.testing.discord import DiscordServer
from bot.testing.discord.intents import Intents
from bot.types import Finding
from tests.adapters.discord_bot import configured

FEW = 7


async def probed(server: DiscordServer) -> dict[str, Finding]:
    findings = await configured(server).probe()
    return {finding.what: finding for finding in findings}


async def test_a_good_token_names_the_bot_and_begins_no_session(server: DiscordServer) -> None:
    starts = server.gateway.identifies_left
    findings = await probed(server)
    assert "that of chinwag" in findings["discord"].found
    assert f"{starts} of 1000 starts are left" in findings["discord sessions"].found
    assert "agrees" in findings["clock"].found
    assert all(finding.ok for finding in findings.values())
    assert not server.gateway.sessions
    assert server.gateway.identifies_left == starts


async def test_the_message_content_intent_is_told_with_what_it_means() -> None:
    async with DiscordServer(granted=Intents.MESSAGE_CONTENT) as server:
        assert not (await probed(server))["discord message content"].advice
    async with DiscordServer(granted=Intents.NONE) as server:
        content = (await probed(server))["discord message content"]
    assert content.ok
    assert "Message Content Intent" in content.advice


async def test_too_few_starts_left_are_a_finding(server: DiscordServer) -> None:
    server.gateway.identifies_left = FEW
    sessions = (await probed(server))["discord sessions"]
    assert not sessions.ok
    assert f"{FEW} of 1000" in sessions.found


async def test_a_refused_token_is_a_finding_without_the_token(server: DiscordServer) -> None:
    adapter = configured(server)
    server.revoke_token()
    (finding,) = await adapter.probe()
    assert not finding.ok
    assert "Reset Token" in finding.advice
    assert server.token not in str(finding)


async def test_a_network_that_is_away_is_a_finding(server: DiscordServer) -> None:
    server.faults.offline = True
    (finding,) = (await probed(server)).values()
    assert not finding.ok
    assert "can't be reached" in finding.found


@pytest.mark.parametrize("seconds", [300, -300])
async def test_a_clock_that_is_wrong_is_a_finding(seconds: int) -> None:
    async with DiscordServer(skew=seconds) as server:
        clock = (await probed(server))["clock"]
    assert not clock.ok
    assert "from Discord's" in clock.found


async def test_a_network_that_goes_away_meanwhile_is_a_finding(server: DiscordServer) -> None:
    server.faults.add("reset", "get_gateway", times=None)
    (finding,) = (await probed(server)).values()
    assert "can't be reached" in finding.found
