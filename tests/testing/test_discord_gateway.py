"""The strict gateway, spoken to over a plain WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientError

from bot.testing.discord import PRIVILEGED, UNLIMITED, DiscordServer, Intents
from tests.testing.discord_client import EVERYTHING, rest, shard


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(rates=UNLIMITED) as server:
        server.gateway.identify_seconds = 0.0
        yield server


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


async def test_events_come_only_for_the_intents_asked_for(server: DiscordServer) -> None:
    ann = server.user("Ann")
    general = server.guild("Home", ann).text("general")
    async with shard(server) as client:
        await client.identify(int(Intents.GUILDS | Intents.DIRECT_MESSAGES))
        ann.says("unheard", general)
        ann.says("heard")
        assert (await client.event("MESSAGE_CREATE"))["content"] == "heard"


async def test_without_the_intent_content_is_empty_but_where_it_is_meant_for_the_bot(
    server: DiscordServer,
) -> None:
    ann = server.user("Ann")
    general = server.guild("Home", ann).text("general")
    wanted = EVERYTHING & ~int(Intents.MESSAGE_CONTENT)
    mention = f"{server.bot.mention} hi"
    async with shard(server) as client:
        await client.identify(wanted)
        hidden = ann.says("secret", general, files={"a.txt": b"x"})
        ann.says(mention, general, reply_to=hidden)
        ann.says("private")
        async with rest(server) as bot:
            mine = (await bot.send(general.id, "own")).body
            reply_to_mine = general.messages[int(mine["id"])]
            ann.says("a reply", general, reply_to=reply_to_mine)
            ann.says("a quiet reply", general, reply_to=reply_to_mine, pings=False)
        seen = [await client.event("MESSAGE_CREATE") for _ in range(6)]
    assert [m["content"] for m in seen] == ["", mention, "private", "own", "a reply", ""]
    assert seen[0]["attachments"] == []
    assert seen[1]["referenced_message"]["content"] == ""


async def test_what_a_channel_hides_from_the_bot_it_never_hears_of(server: DiscordServer) -> None:
    ann = server.user("Ann")
    guild = server.guild("Home", ann)
    hidden, general = guild.text("hidden"), guild.text("general")
    guild.denies("view_channel", guild.bot_role, hidden)
    async with shard(server) as client:
        await client.identify()
        shown = (await client.event("GUILD_CREATE"))["channels"]
        assert [channel["name"] for channel in shown] == ["general"]
        ann.says("unheard", hidden)
        ann.says("heard", general)
        assert (await client.event("MESSAGE_CREATE"))["content"] == "heard"


async def test_people_edit_delete_and_moderators_delete_in_bulk(server: DiscordServer) -> None:
    ann = server.user("Ann")
    general = server.guild("Home", ann).text("general")
    async with shard(server) as client:
        await client.identify()
        one, two = ann.says("one", general), ann.says("two", general)
        ann.edits(one, "uno")
        assert (await client.event("MESSAGE_UPDATE"))["content"] == "uno"
        ann.deletes(one, two)
        ids = (await client.event("MESSAGE_DELETE_BULK"))["ids"]
        assert ids == [str(one.id), str(two.id)]
        ann.deletes(ann.says("three", general))
        await client.event("MESSAGE_DELETE")
    assert general.transcript() == ""


async def test_members_come_in_chunks(server: DiscordServer) -> None:
    ann, ben = server.user("Ann"), server.user("Ben")
    guild = server.guild("Home", ann, ben)
    async with shard(server) as client:
        await client.identify()
        wanted = {"guild_id": str(guild.id), "query": "be", "limit": 5, "nonce": "7"}
        await client.send(8, wanted)
        chunk = await client.event("GUILD_MEMBERS_CHUNK")
        assert [m["user"]["username"] for m in chunk["members"]] == ["ben"]
        assert chunk["nonce"] == "7"
        await client.send(8, {"guild_id": "²", "limit": 5})
        await client.send(8, {"guild_id": guild.id, "user_ids": ann.id, "limit": 5})
        chunk = await client.event("GUILD_MEMBERS_CHUNK")
        assert [m["user"]["username"] for m in chunk["members"]] == ["ann"]


async def test_the_bot_hears_of_its_guilds_channels_and_members(server: DiscordServer) -> None:
    ann, ben = server.user("Ann"), server.user("Ben")
    async with shard(server) as client:
        await client.identify()
        guild = server.guild("New", ann, ben)
        assert "unavailable" not in await client.event("GUILD_CREATE")
        channel = guild.text("general")
        await client.event("CHANNEL_CREATE")
        admin = guild.role("admin", "administrator", to=ben)
        await client.event("GUILD_ROLE_CREATE")
        assert (await client.event("GUILD_MEMBER_UPDATE"))["roles"] == [str(admin.id)]
        guild.times_out(ben)
        until = (await client.event("GUILD_MEMBER_UPDATE"))["communication_disabled_until"]
        assert until is not None
        guild.deletes(channel)
        await client.event("CHANNEL_DELETE")
        guild.removes(ben)
        await client.event("GUILD_MEMBER_REMOVE")
        guild.removes_bot()
        assert await client.event("GUILD_DELETE") == {"id": str(guild.id)}


UPGRADE = (
    "GET /gateway/?v=10&encoding=json HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff\xff\xff\xff",  # reserved bits
        b"\x81\x05hello",  # no mask
        b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff",  # longer than anything
        b"\x81\x82\x00\x00\x00\x00\xff\xfe",  # no UTF-8
        b"\x88\x81\x00\x00\x00\x00\x01",  # a close of one byte
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
async def test_garbage_on_the_wire_ends_that_connection_and_no_other(
    server: DiscordServer, garbage: bytes
) -> None:
    async with shard(server) as client:
        await client.identify()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(UPGRADE.encode())
        await reader.readuntil(b"\r\n\r\n")
        await server.until(lambda: len(server.gateway.connections) == 2)
        writer.write(garbage)
        writer.write_eof()
        await server.until(lambda: len(server.gateway.connections) == 1)
        writer.close()
        server.user("Ann").says("hi")
        assert (await client.event("MESSAGE_CREATE"))["content"] == "hi"
