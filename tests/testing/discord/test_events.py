"""What the strict gateway tells, and whom."""

from __future__ import annotations

import asyncio

import pytest

from bot.testing.discord import DiscordServer, Intents
from tests.testing.discord.client import EVERYTHING, rest, shard


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
