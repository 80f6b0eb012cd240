"""Whatever Discord's gateway sends, the bot stays connected and reads on."""

from __future__ import annotations

import random

import pytest

from bot.testing.discord import UNLIMITED, DiscordServer
from bot.types import Received
from tests.adapters.discord_bot import Bot, running
from tests.fuzz.discord_frames import Corpus
from tests.fuzz.typed import NO_TEXTS, untyped

pytestmark = pytest.mark.slow

MALFORMED = 300


def heard(bot: Bot, text: str) -> int:
    said = (event.message.text for event in bot.inbox.events if isinstance(event, Received))
    return sum(each == text for each in said)


async def test_malformed_events_are_passed_over_and_the_connection_stays() -> None:
    dice = random.Random(7)
    async with DiscordServer(rates=UNLIMITED) as server:
        corpus = Corpus(server)
        async with running(server) as bot:
            (session,) = server.gateway.sessions.values()
            for _ in range(MALFORMED):
                corpus.send_mangled(session, dice)
            corpus.ask("after all that")
            await server.until(lambda: heard(bot, "after all that") == 2, 60)
            assert list(server.gateway.sessions.values()) == [session]
            assert list(untyped(tuple(bot.inbox.events))) == []


async def test_a_text_that_is_none_gets_no_further_than_the_adapter() -> None:
    async with DiscordServer(rates=UNLIMITED) as server:
        corpus = Corpus(server)
        events = dict(corpus.events)
        async with running(server) as bot:
            (session,) = server.gateway.sessions.values()
            for junk in NO_TEXTS:
                for name in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
                    corpus.send(session, name, events[name] | {"content": junk})
            corpus.ask("after all that")
            await server.until(lambda: heard(bot, "after all that") == 2, 60)
            assert list(untyped(tuple(bot.inbox.events))) == []


@pytest.mark.parametrize(
    "frame", ["", "{", "[]", "null", '"x"', '{"op": "x"}', '{"op": 99}', "[" * 100_000]
)
async def test_a_frame_that_is_none_costs_one_connection_at_most(frame: str) -> None:
    async with DiscordServer(rates=UNLIMITED) as server, running(server) as bot:
        ann = server.user("Ann")
        ann.says("before")
        await server.until(lambda: heard(bot, "before"))
        (session,) = server.gateway.sessions.values()
        assert session.outbox is not None
        session.outbox.put_nowait(frame)
        ann.says("after all that")
        await server.until(lambda: heard(bot, "after all that"), 60)
