"""Sessions of the strict gateway: resumed, replayed, invalidated, ended."""

from __future__ import annotations

import pytest
from aiohttp import ClientError

from bot.testing.discord import DiscordServer
from tests.testing.discord.client import shard


async def test_a_resumed_session_gets_what_it_missed_in_order_and_once(
    server: DiscordServer,
) -> None:
    ann = server.user("Ann")
    async with shard(server) as client:
        ready = await client.identify()
        ann.says("one")
        await client.event("MESSAGE_CREATE")
        server.cut()
        await client.closed()
        ann.says("two")
        ann.says("three")
        async with shard(server) as again:
            await again.resume(ready["session_id"], client.seq)
            missed = [(await again.event("MESSAGE_CREATE"))["content"] for _ in range(2)]
            assert missed == ["two", "three"]
            await again.event("RESUMED")
            ann.says("four")
            assert (await again.event("MESSAGE_CREATE"))["content"] == "four"
            assert again.seq == client.seq + 4


async def test_a_replay_may_repeat_what_was_seen(server: DiscordServer) -> None:
    ann = server.user("Ann")
    server.gateway.repeats = 1
    async with shard(server) as client:
        ready = await client.identify()
        ann.says("one")
        await client.event("MESSAGE_CREATE")
        server.cut()
        async with shard(server) as again:
            await again.resume(ready["session_id"], client.seq)
            assert (await again.event("MESSAGE_CREATE"))["content"] == "one"


async def test_a_session_that_is_unknown_left_or_too_old_cannot_be_resumed(
    server: DiscordServer,
) -> None:
    async with shard(server) as client:
        await client.resume("nothing", 0)
        assert (await client.op(9))["d"] is False
        left = await client.identify()
        await client.socket.close(code=1000)
    async with shard(server) as client:
        await client.resume(left["session_id"], 1)
        assert (await client.op(9))["d"] is False
        old = await client.identify()
        server.cut()
        await client.closed()
    server.clock.advance(600)
    async with shard(server) as client:
        await client.resume(old["session_id"], 1)
        assert (await client.op(9))["d"] is False


async def test_a_sequence_number_from_the_future_is_closed_on(server: DiscordServer) -> None:
    async with shard(server) as client:
        ready = await client.identify()
        server.cut()
        async with shard(server) as again:
            await again.resume(ready["session_id"], 1000)
            assert await again.closed() == 4007


async def test_the_newer_of_two_connections_takes_the_session(server: DiscordServer) -> None:
    async with shard(server) as old, shard(server) as new:
        ready = await old.identify()
        await new.resume(ready["session_id"], 1)
        await new.event("RESUMED")
        assert await old.closed() == 4000
        server.user("Ann").says("hi")
        assert (await new.event("MESSAGE_CREATE"))["content"] == "hi"


async def test_the_server_asks_to_reconnect_for_a_heartbeat_and_invalidates(
    server: DiscordServer,
) -> None:
    async with shard(server) as client:
        await client.identify()
        server.gateway.asks_to_reconnect()
        assert (await client.op(7))["d"] is None
        server.gateway.asks_for_heartbeat()
        assert (await client.op(1))["d"] is None
        server.gateway.invalidates(resumable=True)
        assert (await client.op(9))["d"] is True
        server.gateway.invalidates()
        assert (await client.op(9))["d"] is False


async def test_a_frozen_gateway_says_nothing_and_an_offline_one_is_not_there(
    server: DiscordServer,
) -> None:
    async with shard(server) as client:
        await client.identify()
        server.gateway.frozen = True
        await client.send(1, None)
        await server.until(lambda: server.gateway.heartbeats.beats)
        with pytest.raises(TimeoutError):
            await client.socket.receive(timeout=0.05)
        server.gateway.frozen = False
        await client.op(11)
    server.goes_offline()
    with pytest.raises(ClientError):
        async with shard(server):
            pass
    server.comes_back()
    async with shard(server) as client:
        await client.op(10)


async def test_a_revoked_token_ends_the_session(server: DiscordServer) -> None:
    async with shard(server) as client:
        await client.identify()
        server.revoke_token()
        assert await client.closed() == 4004


async def test_zlib_stream_is_one_stream_over_all_frames(server: DiscordServer) -> None:
    async with shard(server, "v=10&encoding=json&compress=zlib-stream") as client:
        assert (await client.frame())["op"] == 10
        await client.identify()
        server.user("Ann").says("hi")
        assert (await client.event("MESSAGE_CREATE"))["content"] == "hi"
    async with shard(server, "v=10&encoding=json&compress=lzma") as client:
        assert await client.closed() == 4002
