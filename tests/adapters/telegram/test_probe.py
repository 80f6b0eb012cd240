"""What the doctor learns of Telegram, from a real server and without disturbing anyone."""

from __future__ import annotations

from collections.abc import Sequence

from bot.testing.telegram import TelegramServer
from bot.types import Finding
from tests.adapters.telegram_bot import configured


async def probed(server: TelegramServer) -> Sequence[Finding]:
    return await configured(server).probe()


async def test_a_good_token_names_the_bot(server: TelegramServer) -> None:
    findings = {finding.what: finding for finding in await probed(server)}
    assert "@chinwag_bot" in findings["telegram"].found
    assert "agrees" in findings["clock"].found
    assert all(finding.ok for finding in findings.values())
    assert not server.api.calls["getUpdates"]


async def test_privacy_mode_is_told_with_what_it_means(server: TelegramServer) -> None:
    server.world.privacy = False
    assert not (await probed(server))[1].advice
    server.world.privacy = True
    assert "/setprivacy" in (await probed(server))[1].advice


async def test_a_refused_token_is_a_finding_without_the_token(server: TelegramServer) -> None:
    server.revoke_token()
    (finding,) = await probed(server)
    assert not finding.ok
    assert "@BotFather" in finding.advice
    assert server.token not in str(finding)


async def test_a_network_that_is_away_is_a_finding(server: TelegramServer) -> None:
    server.faults.offline = True
    (finding,) = await probed(server)
    assert "can't be reached" in finding.found


async def test_a_clock_that_is_wrong_is_a_finding() -> None:
    async with TelegramServer(skew=300) as server:
        (clock,) = (f for f in await probed(server) if f.what == "clock")
    assert not clock.ok
    assert "from Telegram's" in clock.found
