"""The strict gateway, spoken to over a plain WebSocket: greeted, identified, held to the rules."""

from __future__ import annotations

from typing import Any

import pytest

from bot.testing.discord import PRIVILEGED, DiscordServer, Intents
from tests.testing.discord.client import rest, shard


async def test_a_client_is_greeted_identifies_and_gets_its_guilds(server: DiscordServer) -> None:
    guild = server.guild("Home", server.user("Ann"))
    async with shard(server) as client:
        hello = await client.frame()
        assert (hello["op"], hello["d"]["heartbeat_interval"]) == (10, 41250)
        ready = await client.identify()
        assert ready["user"]["id"] == str(server.bot.id)
        assert ready["guilds"] == [{"id": str(guild.id), "unavailable": True}]
        whole = await client.event("GUILD_CREATE")
        assert (whole["name"], whole["member_count"], whole["unavailable"]) == ("Home", 2, False)


async def test_without_the_intent_for_members_a_guild_shows_the_bot_alone(
    server: DiscordServer,
) -> None:
    server.guild("Home", server.user("Ann"))
    async with shard(server) as client:
        await client.identify(int(Intents.GUILDS))
        members = (await client.event("GUILD_CREATE"))["members"]
        assert [member["user"]["id"] for member in members] == [str(server.bot.id)]


async def test_a_heartbeat_is_acknowledged_and_recorded(server: DiscordServer) -> None:
    async with shard(server) as client:
        await client.send(1, None)
        assert (await client.op(11))["d"] is None
    assert len(server.gateway.heartbeats.beats) == 1
    assert server.gateway.heartbeats.late() == []


async def test_a_late_heartbeat_is_remembered_and_a_missing_one_ends_the_session() -> None:
    async with DiscordServer(heartbeat=0.2) as server, shard(server) as client:
        ready = await client.identify()
        assert await client.closed() == 4009
        assert server.gateway.heartbeats.longest < 60
        server.gateway.identify_seconds = 0.0
        async with shard(server) as again:
            await again.resume(ready["session_id"], 1)
            assert (await again.op(9))["d"] is False


async def test_a_heartbeat_that_never_came_counts_as_late() -> None:
    async with DiscordServer(heartbeat=0.05) as server, shard(server) as client:
        assert await client.closed() == 4009
        heartbeats = server.gateway.heartbeats
        await server.until(lambda: heartbeats.missed)
        assert heartbeats.late(slack=0.0) == heartbeats.missed
        assert heartbeats.longest > heartbeats.interval


@pytest.mark.parametrize(
    ("query", "code"),
    [("v=8&encoding=json", 4012), ("encoding=json", 4012), ("v=10&encoding=etf", 4002)],
)
async def test_only_version_10_in_json_is_spoken(
    server: DiscordServer, query: str, code: int
) -> None:
    async with shard(server, query) as client:
        assert await client.closed() == code


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"token": "wrong"}, 4004),
        ({"intents": 1 << 30}, 4013),
        ({"intents": -1}, 4013),
        ({"shard": [1, 1]}, 4010),
        ({"shard": [0]}, 4010),
        ({"shard": "0"}, 4010),
        ({"properties": None}, 4002),
        ({"token": 5}, 4002),
    ],
)
async def test_a_wrong_identify_is_closed_with_its_code(
    server: DiscordServer, more: dict[str, Any], code: int
) -> None:
    async with shard(server) as client:
        await client.asks(**more)
        assert await client.closed() == code
    assert server.gateway.closed[code] == 1


async def test_an_intent_that_is_not_switched_on_is_refused() -> None:
    granted = PRIVILEGED & ~Intents.MESSAGE_CONTENT
    async with DiscordServer(granted=granted) as server, shard(server) as client:
        await client.asks(int(Intents.MESSAGE_CONTENT))
        assert await client.closed() == 4014


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("nonsense", 4002),
        ("[]", 4002),
        ('{"op": "1"}', 4002),
        ('{"op": 99}', 4001),
        ('{"op": 0}', 4001),
        ('{"op": 3, "d": {}}', 4003),
        ('{"op": 1, "d": {}}', 4002),
        ('{"op": 6, "d": []}', 4002),
        ("[" * 4000, 4002),
        ('{"op": 1, "d": "' + "x" * 4096 + '"}', 4002),
    ],
)
async def test_a_wrong_frame_is_closed_with_its_code(
    server: DiscordServer, frame: str, code: int
) -> None:
    async with shard(server) as client:
        await client.socket.send_str(frame)
        assert await client.closed() == code


async def test_identifying_twice_is_a_mistake(server: DiscordServer) -> None:
    async with shard(server) as client:
        await client.identify()
        await client.asks()
        assert await client.closed() == 4005


async def test_more_than_120_events_a_minute_end_the_connection(server: DiscordServer) -> None:
    async with shard(server) as client:
        for _ in range(121):
            await client.send(1, None)
        assert await client.closed() == 4008
    assert len(server.gateway.heartbeats.beats) == 120


async def test_a_second_identify_within_five_seconds_gets_an_invalid_session() -> None:
    async with DiscordServer() as server:
        async with shard(server) as first, shard(server) as second:
            await first.identify()
            await second.asks()
            assert (await second.op(9))["d"] is False
            server.clock.advance(5)
            await second.identify()
        assert server.gateway.start["session_start_limit"]["remaining"] == 998


async def test_max_concurrency_lets_as_many_shards_identify_at_once() -> None:
    async with (
        DiscordServer(concurrency=2) as server,
        shard(server) as first,
        shard(server) as second,
    ):
        await first.identify(shard=[0, 2])
        await second.identify(shard=[1, 2])


async def test_guilds_go_to_their_shard_and_direct_messages_to_the_first(
    server: DiscordServer,
) -> None:
    ann = server.user("Ann")
    even = server.guild("Even", ann, id=2 << 22)
    odd = server.guild("Odd", ann, id=1 << 22)
    async with shard(server) as first, shard(server) as second:
        ready = await first.identify(shard=[0, 2])
        assert [guild["id"] for guild in ready["guilds"]] == [str(even.id)]
        await second.identify(shard=[1, 2])
        ann.says("hi")
        ann.says("odd", odd.text("b"))
        assert (await first.event("MESSAGE_CREATE"))["content"] == "hi"
        assert (await second.event("MESSAGE_CREATE"))["content"] == "odd"


async def test_a_large_bot_has_to_shard() -> None:
    async with DiscordServer(shards=4, least_shards=2) as server, rest(server) as bot:
        assert (await bot.call("GET", "/gateway/bot"))["shards"] == 4
        async with shard(server) as client:
            await client.asks()
            assert await client.closed() == 4011
