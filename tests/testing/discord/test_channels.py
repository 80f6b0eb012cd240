"""What the bot may do in the strict Discord's channels, threads and forums."""

from __future__ import annotations

import pytest

from bot.testing.discord import (
    Channel,
    DiscordServer,
    Guild,
    Permission,
    Person,
)
from tests.testing.discord.client import Rest


async def test_what_the_bot_lacks_is_told_by_its_code(
    bot: Rest, ann: Person, guild: Guild, general: Channel
) -> None:
    assert (await bot.send(77)).code == 10003
    guild.denies("send_messages", bot.server.bot, general)
    assert (await bot.send(general.id)).code == 50013
    guild.denies("view_channel", bot.server.bot, general)
    assert (await bot.send(general.id)).code == 50001
    guild.deletes(general)
    assert (await bot.send(general.id)).code == 10003
    other = guild.text("other")
    guild.denies("embed_links", bot.server.bot, other)
    assert (await bot.send(other.id, "", embeds=[{"title": "x"}])).code == 50013
    guild.times_out(bot.server.bot)
    assert (await bot.send(other.id)).code == 50013
    guild.removes_bot()
    assert (await bot.send(other.id)).code == 50001
    assert await bot.refused("GET", f"/guilds/{guild.id}") == 50001
    assert await bot.refused("GET", "/guilds/77") == 10004


async def test_roles_add_up_and_an_administrator_may_do_all(
    server: DiscordServer, guild: Guild, general: Channel
) -> None:
    ben = server.user("Ben")
    guild.adds(ben)
    guild.denies("send_messages", guild.everyone, general)
    with pytest.raises(PermissionError):
        ben.says("x", general)
    writer = guild.role("writer", to=ben)
    guild.allows("send_messages", writer, general)
    ben.says("x", general)
    guild.denies("send_messages", ben, general)
    with pytest.raises(PermissionError):
        ben.says("x", general)
    guild.role("admin", "administrator", to=ben)
    ben.says("x", general)
    assert Permission.MANAGE_GUILD in guild.permissions(ben)
    guild.takes(writer, ben)


async def test_a_member_in_a_time_out_is_silent(server: DiscordServer, guild: Guild) -> None:
    ben, general = server.user("Ben"), guild.text("a")
    guild.adds(ben)
    guild.times_out(ben)
    with pytest.raises(PermissionError):
        ben.says("x", general)


async def test_direct_messages_are_opened_once_and_can_be_refused(
    server: DiscordServer, bot: Rest, ann: Person
) -> None:
    opened = await bot.call("POST", "/users/@me/channels", {"recipient_id": "1"})
    assert opened["id"] == str(ann.private.id)
    await bot.send(ann.private.id, "hello")
    assert ann.private.transcript() == "Chinwag: hello"
    ann.blocked = True
    assert (await bot.send(ann.private.id)).code == 50007
    robot = server.user("R", bot=True)
    assert await bot.refused("POST", "/users/@me/channels", {"recipient_id": str(robot.id)}) == (
        50033
    )


async def test_members_and_roles_are_known(bot: Rest, ann: Person, guild: Guild) -> None:
    admin = guild.role("admin", "manage_guild", to=ann)
    member = await bot.call("GET", f"/guilds/{guild.id}/members/1")
    assert member["roles"] == [str(admin.id)]
    roles = await bot.call("GET", f"/guilds/{guild.id}/roles")
    assert {role["name"] for role in roles} == {"@everyone", "Chinwag", "admin"}
    listed = await bot.call("GET", f"/guilds/{guild.id}/members?limit=10")
    assert len(listed) == len(guild.members)
    assert await bot.refused("GET", f"/guilds/{guild.id}/members/77") == 10013
    found = await bot.call("GET", f"/guilds/{guild.id}/members/search?query=an")
    assert [m["user"]["global_name"] for m in found] == ["Ann"]


async def test_a_thread_on_a_message_has_its_id_and_begins_with_it(
    bot: Rest, ann: Person, general: Channel
) -> None:
    said = ann.says("topic", general)
    path = f"/channels/{general.id}/messages/{said.id}/threads"
    thread = await bot.call("POST", path, {"name": "talk"})
    assert (thread["id"], thread["parent_id"]) == (str(said.id), str(general.id))
    assert await bot.refused("POST", path, {"name": "talk"}) == 160004
    assert await bot.refused("POST", path, {"name": ""}) == 50035
    listed = await bot.call("GET", f"/channels/{said.id}/messages")
    assert (listed[0]["type"], listed[0]["content"]) == (21, "")
    assert (await bot.send(said.id, "inside")).status == 200


async def test_a_thread_of_its_own_leaves_a_note_in_its_channel(
    bot: Rest, guild: Guild, general: Channel
) -> None:
    path = f"/channels/{general.id}/threads"
    thread = await bot.call("POST", path, {"name": "thoughts", "type": 11})
    assert (general.shown[0].kind, general.shown[0].content) == (18, "thoughts")
    await bot.call("PUT", f"/channels/{thread['id']}/thread-members/@me")
    active = await bot.call("GET", f"/guilds/{guild.id}/threads/active")
    assert [t["id"] for t in active["threads"]] == [thread["id"]]
    assert len(active["members"]) == 1
    await bot.call("DELETE", f"/channels/{thread['id']}/thread-members/@me")
    assert await bot.refused("PUT", f"/channels/{general.id}/thread-members/@me") == 50024
    guild.denies("create_public_threads", bot.server.bot, general)
    assert await bot.refused("POST", path, {"name": "x", "type": 11}) == 50013


async def test_a_locked_thread_takes_no_messages_and_an_archived_one_wakes_up(
    bot: Rest, ann: Person, guild: Guild, general: Channel
) -> None:
    thread = ann.starts_thread("talk", general)
    guild.archives(thread)
    assert (await bot.send(thread.id)).status == 200
    assert not thread.archived
    guild.archives(thread, locked=True)
    assert (await bot.send(thread.id)).code == 50083
    guild.denies("send_messages_in_threads", bot.server.bot, general)
    thread.locked = False
    assert (await bot.send(thread.id)).code == 50013


async def test_a_forum_holds_posts_and_no_messages(bot: Rest, ann: Person, guild: Guild) -> None:
    forum = guild.forum("help")
    post = ann.posts("How?", "It does not work", forum)
    assert (post.channel.name, post.channel.id) == ("How?", post.id)
    assert (await bot.send(post.channel.id, "so")).status == 200
    assert (await bot.send(forum.id)).code == 50008
    path = f"/channels/{forum.id}/threads"
    own = await bot.call("POST", path, {"name": "Own", "message": {"content": "text"}})
    assert own["message"]["id"] == own["id"]
    assert await bot.refused("POST", path, {"name": "Own"}) == 50035


async def test_a_thread_is_renamed_archived_and_deleted_by_who_may(
    bot: Rest, ann: Person, guild: Guild, general: Channel
) -> None:
    thread = ann.starts_thread("talk", general)
    path = f"/channels/{thread.id}"
    assert await bot.refused("PATCH", path, {"archived": True}) == 50013
    guild.allows("manage_threads", guild.bot_role, general)
    changed = await bot.call("PATCH", path, {"archived": True, "name": "done"})
    assert (changed["name"], changed["thread_metadata"]["archived"]) == ("done", True)
    await bot.call("DELETE", path)
    assert await bot.refused("GET", path) == 10003


async def test_typing_is_recorded(bot: Rest, general: Channel) -> None:
    await bot.call("POST", f"/channels/{general.id}/typing")
    assert len(general.typing) == 1
