"""The connection: cuts, lost sessions, restarts, shards, and a Discord that is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from bot.errors import ConfigError, TokenRefused
from bot.testing.discord import UNLIMITED, Channel, DiscordServer, Person
from bot.types import Deleted, Edited, Received
from tests.adapters.discord_bot import Bot, configured, place, running
from tests.adapters.kept import KeptInbox, Notes

pytestmark = pytest.mark.slow

FAST = 8.0
"""How much faster the server's clock is, so that five seconds between sessions are none."""


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(rates=UNLIMITED, speed=FAST) as server:
        yield server


def texts(inbox: KeptInbox) -> list[str]:
    return [event.message.text for event in inbox.events if isinstance(event, Received)]


async def heard(bot: Bot, *wanted: str) -> None:
    """These, in this order, each once."""
    await bot.server.until(lambda: len(texts(bot.inbox)) >= len(wanted), 30)
    assert texts(bot.inbox) == list(wanted)


@contextmanager
def away(server: DiscordServer) -> Iterator[None]:
    server.goes_offline()
    yield
    server.comes_back()


async def test_it_counts_as_connected_while_it_is(server: DiscordServer) -> None:
    async with running(server) as bot:
        assert bot.adapter.connected.is_set()
        with away(server):
            await server.until(lambda: not bot.adapter.connected.is_set(), 30)
        await server.until(lambda: bot.adapter.connected.is_set(), 30)


async def test_after_a_cut_the_session_goes_on(
    server: DiscordServer, general: Channel, ann: Person
) -> None:
    async with running(server) as bot:
        ann.says("before", general)
        await heard(bot, "before")
        session = next(iter(server.gateway.sessions))
        server.cut()
        ann.says("meanwhile", general)
        await heard(bot, "before", "meanwhile")
        assert list(server.gateway.sessions) == [session]


async def test_what_a_replay_repeats_is_heard_once(
    server: DiscordServer, general: Channel, ann: Person
) -> None:
    async with running(server) as bot:
        ann.says("before", general)
        await heard(bot, "before")
        server.gateway.repeats = 5
        server.cut()
        ann.says("meanwhile", general)
        await heard(bot, "before", "meanwhile")


async def test_what_was_missed_between_two_sessions_is_read_back_in_order(
    server: DiscordServer, general: Channel, ann: Person
) -> None:
    async with running(server) as bot:
        ann.says("before", general)
        ann.says("direct before")
        await bot.got(2)
        bot.inbox.events.clear()
        with away(server):
            server.gateway.forgets()
            for number in range(3):
                ann.says(f"missed {number}", general)
            ann.says("missed directly")
        await server.until(lambda: len(bot.inbox.events) >= 4, 30)
        ann.says("after", general)
        await server.until(lambda: len(bot.inbox.events) >= 5, 30)
        said = [e for e in bot.inbox.events if isinstance(e, Received)]
        assert [e.message.text for e in said if e.place == place(general)] == [
            *(f"missed {number}" for number in range(3)),
            "after",
        ]
        assert [e.message.text for e in said if e.place.private] == ["missed directly"]


@pytest.mark.parametrize("resumable", [True, False])
async def test_an_invalid_session_is_begun_anew_and_nothing_is_lost(
    server: DiscordServer, general: Channel, ann: Person, resumable: bool
) -> None:
    async with running(server) as bot:
        ann.says("before", general)
        await heard(bot, "before")
        server.gateway.invalidates(resumable=resumable)
        ann.says("meanwhile", general)
        await heard(bot, "before", "meanwhile")


async def test_it_ends_when_asked_though_a_session_is_just_beginning(
    server: DiscordServer,
) -> None:
    """Where the library alone loses the cancellation."""
    adapter = configured(server)
    task = asyncio.create_task(adapter.run(KeptInbox()))
    await server.until(lambda: adapter.connected.is_set())
    first = max(server.gateway.connections)
    server.gateway.invalidates()
    await server.until(lambda: max(server.gateway.connections, default=first) > first)
    task.cancel()
    async with asyncio.timeout(20):
        await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


async def test_discord_may_ask_to_connect_again(
    server: DiscordServer, general: Channel, ann: Person
) -> None:
    async with running(server) as bot:
        server.gateway.asks_to_reconnect()
        ann.says("meanwhile", general)
        await heard(bot, "meanwhile")


async def test_after_a_restart_what_was_missed_is_answered_once_and_what_is_too_old_is_not(
    server: DiscordServer, general: Channel, ann: Person
) -> None:
    notes = Notes()
    async with running(server, notes) as bot:
        ann.says("before", general)
        ann.says("direct before")
        await bot.got(2)
    ann.says("too old", general, age=7200)
    thread = ann.starts_thread("Talk", general)
    ann.says("missed", general)
    ann.says("missed in a thread", thread)
    ann.says("missed directly")
    async with running(server, notes) as bot:
        await server.until(lambda: len(bot.inbox.events) >= 3, 30)
        ann.says("after", general)
        await server.until(lambda: len(bot.inbox.events) >= 4, 30)
        assert sorted(texts(bot.inbox)) == [
            "after",
            "missed",
            "missed directly",
            "missed in a thread",
        ]


async def test_what_became_of_the_last_question_meanwhile_is_heard(
    server: DiscordServer, general: Channel, ann: Person
) -> None:
    notes = Notes()
    async with running(server, notes) as bot:
        asked = [ann.says(f"{server.bot.mention} {n}", general) for n in ("one", "two")]
        direct = ann.says("directly")
        await bot.got(3)
    ann.edits(asked[1], f"{server.bot.mention} three")
    ann.deletes(direct)
    async with running(server, notes) as bot:
        ann.says("after", general)
        await server.until(lambda: len(bot.inbox.events) >= 3, 30)
        events = bot.inbox.events
    assert Edited(place(general), str(asked[1].id), "three") in events
    assert Deleted(place(ann.private), (str(direct.id),)) in events
    assert isinstance(events[-1], Received)


async def test_who_said_what_was_missed_has_their_roles(
    server: DiscordServer, general: Channel, ann: Person
) -> None:
    assert general.guild is not None
    staff = general.guild.role("Staff", to=ann)
    async with running(server) as bot:
        with away(server):
            server.gateway.forgets()
            ann.says("missed", general)
        event = await bot.got_one(Received)
        assert event.message.author is not None
        assert event.message.author.roles == (str(staff.id),)


async def test_a_server_that_is_away_at_the_start_is_waited_for(
    server: DiscordServer, ann: Person
) -> None:
    server.goes_offline()
    adapter, inbox = configured(server), KeptInbox()
    task = asyncio.create_task(adapter.run(inbox))
    await server.until(lambda: sum(server.api.calls.values()) > 1)
    server.comes_back()
    await server.until(lambda: adapter.connected.is_set(), 30)
    ann.says("hi")
    await server.until(lambda: inbox.events)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_gateway_that_is_away_at_the_start_is_waited_for(
    server: DiscordServer, ann: Person, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the library alone ends with an AttributeError."""
    server.gateway.offline = True
    adapter, inbox = configured(server), KeptInbox()
    task = asyncio.create_task(adapter.run(inbox))
    await server.until(lambda: "Failed to connect" in caplog.text)
    server.gateway.offline = False
    await server.until(lambda: adapter.connected.is_set(), 30)
    ann.says("hi")
    await server.until(lambda: inbox.events)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_refused_token_is_said_without_it(server: DiscordServer) -> None:
    adapter = configured(server)
    server.revoke_token()
    with pytest.raises(TokenRefused) as refused:
        await adapter.run(KeptInbox())
    assert server.token not in str(refused.value)
    assert refused.value.__suppress_context__


async def test_a_token_that_is_revoked_later_is_noticed(server: DiscordServer) -> None:
    adapter = configured(server)
    task = asyncio.create_task(adapter.run(KeptInbox()))
    await server.until(lambda: adapter.connected.is_set())
    server.revoke_token()
    with pytest.raises(TokenRefused):
        async with asyncio.timeout(20):
            await task


async def test_a_process_serves_its_own_shards() -> None:
    async with DiscordServer(rates=UNLIMITED, speed=FAST, shards=4, concurrency=4) as server:
        ann = server.user("Ann")
        channels = [server.guild(f"G{n}", ann, id=n << 22).text("general") for n in range(1, 5)]
        served = [c for c in channels if c.guild is not None and (c.guild.id >> 22) % 4 < 2]
        async with running(server, shards=4, shard_ids=[0, 1]) as bot:
            await server.ready(shards=2)
            for channel in channels:
                ann.says("hi", channel)
            ann.says("directly")
            events = [e for e in await bot.got(3) if isinstance(e, Received)]
        assert {e.place.chat for e in events} == {
            str(ann.private.id),
            *(str(channel.id) for channel in served),
        }


async def test_as_many_shards_as_discord_recommends() -> None:
    world = DiscordServer(rates=UNLIMITED, speed=FAST, shards=2, concurrency=2)
    async with world as server, running(server):
        await server.ready(shards=2)


async def test_too_few_shards_are_a_mistake_in_the_config() -> None:
    async with DiscordServer(rates=UNLIMITED, speed=FAST, shards=4, least_shards=4) as server:
        server.guild("Home", server.user("Ann"))
        with pytest.raises(ConfigError, match="shards"):
            async with asyncio.timeout(20):
                await configured(server, shards=1).run(KeptInbox())
