"""Whatever Discord's gateway sends, the bot stays connected and reads on."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from bot.testing.common.mangle import mangled
from bot.testing.discord import UNLIMITED, DiscordServer
from bot.types import Received
from tests.adapters.discord_bot import Bot, running
from tests.fuzz.discord_frames import Event, samples

pytestmark = pytest.mark.slow

MALFORMED = 300


@pytest.fixture
async def corpus() -> Sequence[Event]:
    return await samples()


def has_heard(bot: Bot, text: str) -> bool:
    return any(isinstance(e, Received) and e.message.text == text for e in bot.inbox.events)


async def test_malformed_events_are_passed_over_and_the_connection_stays(
    corpus: Sequence[Event],
) -> None:
    dice = random.Random(7)
    async with DiscordServer(rates=UNLIMITED) as server, running(server) as bot:
        (session,) = server.gateway.sessions.values()
        for _ in range(MALFORMED):
            name, data = dice.choice(corpus)
            session.dispatch(name, mangled(data, dice))
        server.user("Ann").says("after all that")
        await server.until(lambda: has_heard(bot, "after all that"), 60)
        assert list(server.gateway.sessions.values()) == [session]


@pytest.mark.slow
@pytest.mark.parametrize("frame", ["", "{", "[]", "null", '"x"', '{"op": "x"}', '{"op": 99}'])
async def test_a_frame_that_is_none_costs_one_connection_at_most(frame: str) -> None:
    async with DiscordServer(rates=UNLIMITED) as server, running(server) as bot:
        ann = server.user("Ann")
        ann.says("before")
        await server.until(lambda: has_heard(bot, "before"))
        (session,) = server.gateway.sessions.values()
        assert session.outbox is not None
        session.outbox.put_nowait(frame)
        ann.says("after all that")
        await server.until(lambda: has_heard(bot, "after all that"), 60)
