"""The strict Discord's REST API, spoken to over plain HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientError, ServerDisconnectedError

from bot.testing.discord import (
    PRIVILEGED,
    UNLIMITED,
    Channel,
    DiscordServer,
    Guild,
    Intents,
    Permission,
    Person,
    Rates,
    Window,
)
from tests.testing.discord_client import Json, Rest, rest


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(rates=UNLIMITED) as server:
        yield server


@pytest.fixture
async def bot(server: DiscordServer) -> AsyncIterator[Rest]:
    async with rest(server) as bot:
        yield bot


@pytest.fixture
def ann(server: DiscordServer) -> Person:
    return server.user("Ann", id=1)


@pytest.fixture
def guild(server: DiscordServer, ann: Person) -> Guild:
    return server.guild("Home", ann)


@pytest.fixture
def general(guild: Guild) -> Channel:
    return guild.text("general")


# --- the door ------------------------------------------------------------------------------------


async def test_a_wrong_token_an_unknown_path_and_a_wrong_method_are_refused(bot: Rest) -> None:
    assert (await bot.raw("GET", "/users/@me", token="wrong")).status == 401
    assert (await bot.raw("GET", "/nothing")).status == 404
    assert (await bot.raw("PUT", "/users/@me")).status == 405
    assert (await bot.call("GET", "/users/@me"))["username"] == "chinwag"


async def test_answers_are_json_without_a_charset_and_come_by_way_of_discord(bot: Rest) -> None:
    answer = await bot.raw("GET", "/gateway")
    assert answer.headers["Content-Type"] == "application/json"
    assert "Via" in answer.headers
    assert answer.body["url"].startswith("ws://127.0.0.1:")


async def test_broken_json_and_broken_forms_are_named(bot: Rest, general: Channel) -> None:
    path = f"/channels/{general.id}/messages"
    json_type = {"Content-Type": "application/json"}
    headers = json_type | {"Authorization": f"Bot {bot.server.token}"}
    async with bot.session.post(bot.server.api_url + path, data="{", headers=headers) as answer:
        assert (await answer.json())["code"] == 50109
    assert await bot.refused("POST", path, [1]) == 50109
    assert (await bot.raw("GET", "/channels/abc")).status == 404


# --- messages ------------------------------------------------------------------------------------


async def test_a_message_is_sent_edited_and_deleted(
    server: DiscordServer, bot: Rest, general: Channel
) -> None:
    sent = (await bot.send(general.id, "one")).body
    path = f"/channels/{general.id}/messages/{sent['id']}"
    edited = await bot.call("PATCH", path, {"content": "two"})
    assert (edited["content"], edited["edited_timestamp"] is not None) == ("two", True)
    assert general.shown[0].versions == ["one"]
    assert server.said(general) == ["two"]
    await bot.call("DELETE", path)
    assert server.said(general) == []
    assert await bot.refused("DELETE", path) == 10008
    assert await bot.refused("PATCH", path, {"content": "x"}) == 10008


async def test_two_thousand_code_points_fit_and_no_more(bot: Rest, general: Channel) -> None:
    assert (await bot.send(general.id, "😀" * 2000)).status == 200
    refused = await bot.send(general.id, "x" * 2001)
    assert (refused.status, refused.code) == (400, 50035)
    assert refused.errors["content"]["_errors"][0]["code"] == "BASE_TYPE_MAX_LENGTH"


async def test_white_space_around_a_message_is_taken_away(
    server: DiscordServer, bot: Rest, general: Channel
) -> None:
    sent = (await bot.send(general.id, "  one\n")).body
    assert sent["content"] == "one"
    path = f"/channels/{general.id}/messages/{sent['id']}"
    await bot.call("PATCH", path, {"content": "\n two"})
    assert server.said(general) == ["two"]


@pytest.mark.parametrize("content", ["", " \n "])
async def test_an_empty_message_is_refused(bot: Rest, general: Channel, content: str) -> None:
    assert (await bot.send(general.id, content)).code == 50006


async def test_an_edit_must_leave_something(bot: Rest, general: Channel) -> None:
    sent = (await bot.send(general.id, "one")).body
    path = f"/channels/{general.id}/messages/{sent['id']}"
    assert await bot.refused("PATCH", path, {"content": ""}) == 50006
    assert await bot.refused("PATCH", path, {"content": "x" * 2001}) == 50035


async def test_nobody_elses_message_is_edited_or_deleted_without_a_right(
    bot: Rest, ann: Person, guild: Guild, general: Channel
) -> None:
    said = ann.says("mine", general)
    path = f"/channels/{general.id}/messages/{said.id}"
    assert await bot.refused("PATCH", path, {"content": "x"}) == 50005
    assert await bot.refused("DELETE", path) == 50013
    guild.allows("manage_messages", guild.bot_role, general)
    await bot.call("DELETE", path)
    assert said.deleted


async def test_the_same_nonce_makes_no_second_message(bot: Rest, general: Channel) -> None:
    first = await bot.send(general.id, "a", nonce="n1", enforce_nonce=True)
    again = await bot.send(general.id, "a", nonce="n1", enforce_nonce=True)
    assert first.body["id"] == again.body["id"]
    await bot.send(general.id, "a", nonce="n1")
    assert len(general.shown) == 2
    assert (await bot.send(general.id, "a", nonce="n" * 26)).code == 50035
    general.messages[int(first.body["id"])].deleted = True
    assert (await bot.send(general.id, "a", nonce="n1", enforce_nonce=True)).code == 10008


async def test_a_reply_refers_to_a_message_that_is_there(
    bot: Rest, ann: Person, general: Channel
) -> None:
    said = ann.says("question", general)
    sent = (await bot.send(general.id, "x", message_reference={"message_id": str(said.id)})).body
    assert (sent["type"], sent["referenced_message"]["content"]) == (19, "question")
    assert [user["id"] for user in sent["mentions"]] == ["1"]
    gone = {"message_id": "77"}
    refused = await bot.send(general.id, "x", message_reference=gone)
    assert "Unknown message" in str(refused.errors["message_reference"])
    plain = await bot.send(general.id, "x", message_reference=gone | {"fail_if_not_exists": False})
    assert plain.body["type"] == 0


async def test_who_is_pinged_depends_on_what_is_allowed(
    bot: Rest, ann: Person, guild: Guild, general: Channel
) -> None:
    role = guild.role("team")
    role.mentionable = True
    text = f"{ann.mention} {role.mention} @everyone"
    await bot.send(general.id, text)
    await bot.send(general.id, text, allowed_mentions={"parse": []})
    await bot.send(general.id, text, allowed_mentions={"parse": ["roles"], "users": ["1"]})
    every, none, some = general.shown
    assert (every.pings.users, every.pings.roles, every.pings.everyone) == ((ann,), (role,), False)
    assert not none.pings
    assert none.allowed_mentions == {"parse": []}
    assert (some.pings.users, some.pings.roles) == ((ann,), (role,))
    guild.allows("mention_everyone", guild.bot_role, general)
    await bot.send(general.id, text)
    assert general.shown[-1].pings.everyone
    exclusive = {"parse": ["users"], "users": ["1"]}
    assert (await bot.send(general.id, text, allowed_mentions=exclusive)).code == 50035


@pytest.mark.parametrize(
    ("embed", "path"),
    [
        ({"title": "x" * 257}, "title"),
        ({"description": "x" * 4097}, "description"),
        ({"fields": [{"name": "n", "value": "v"}] * 26}, "fields"),
        ({"fields": [{"name": "n", "value": "x" * 1025}]}, "fields"),
        ({"footer": {"text": "x" * 2049}}, "footer"),
        ({"author": {"name": "x" * 257}}, "author"),
    ],
)
async def test_embeds_have_their_limits(
    bot: Rest, general: Channel, embed: Json, path: str
) -> None:
    refused = await bot.send(general.id, "", embeds=[embed])
    assert path in refused.errors["embeds"]["0"]


async def test_all_embeds_together_have_6000_characters(bot: Rest, general: Channel) -> None:
    half = {"description": "x" * 3000}
    assert (await bot.send(general.id, "", embeds=[half, half])).status == 200
    refused = await bot.send(general.id, "", embeds=[half, half, {"title": "x"}])
    assert refused.errors["embeds"]["_errors"][0]["code"] == "MAX_EMBED_SIZE_EXCEEDED"


def row(*components: Json) -> Json:
    return {"type": 1, "components": list(components)}


def button(custom_id: str = "b", label: str = "Stop", **more: Any) -> Json:
    return {"type": 2, "style": 1, "custom_id": custom_id, "label": label, **more}


@pytest.mark.parametrize(
    "components",
    [
        [button()],
        [row()],
        [row(*(button(str(n)) for n in range(6)))],
        [row(button(str(n))) for n in range(6)],
        [row(button("same"), button("same"))],
        [row(button("x" * 101))],
        [row(button(label="x" * 81))],
        [row(button(label=""))],
        [row(button(style=9))],
        [row({"type": 2, "style": 5, "label": "x", "custom_id": "x", "url": "https://e.org"})],
        [row({"type": 3, "custom_id": "s", "options": []})],
        [{"type": 10, "content": "a text display without the flag for it"}],
        [{"type": []}],
        "nothing",
    ],
)
async def test_wrong_components_are_refused(
    bot: Rest, general: Channel, components: object
) -> None:
    refused = await bot.send(general.id, "x", components=components)
    assert (refused.code, list(refused.errors)) == (50035, ["components"])


async def test_components_of_version_2_replace_content(bot: Rest, general: Channel) -> None:
    text = {"type": 10, "content": "shown"}
    fine = [{"type": 17, "components": [text, row(button())]}]
    assert (await bot.send(general.id, "", components=fine, flags=1 << 15)).status == 200
    assert general.shown[0].text == "shown"
    assert general.transcript() == "Chinwag: shown {Stop}"
    both = await bot.send(general.id, "text", components=fine, flags=1 << 15)
    assert list(both.errors) == ["content"]
    long = [{"type": 10, "content": "x" * 2001}] * 2
    assert (await bot.send(general.id, "", components=long, flags=1 << 15)).code == 50035
    many = [{"type": 10, "content": "x"}] * 41
    assert (await bot.send(general.id, "", components=many, flags=1 << 15)).code == 50035


async def test_files_go_up_and_come_down(
    bot: Rest, server: DiscordServer, ann: Person, guild: Guild, general: Channel
) -> None:
    described = {"attachments": [{"id": 0, "filename": "c.py", "description": "code"}]}
    sent = (await bot.upload(general.id, described, first=b"print()")).body
    attachment = sent["attachments"][0]
    assert (attachment["filename"], attachment["size"]) == ("c.py", 7)
    async with bot.session.get(attachment["url"]) as answer:
        assert await answer.read() == b"print()"
    path = f"/channels/{general.id}/messages/{sent['id']}"
    kept = await bot.call("PATCH", path, {"content": "x", "attachments": [attachment]})
    assert len(kept["attachments"]) == 1
    gone = await bot.call("PATCH", path, {"attachments": []})
    assert gone["attachments"] == []
    assert (await bot.send(general.id, attachments=[{"id": 7}])).code == 50035
    assert (await bot.upload(general.id, {}, big=b"x" * (10 * 1024 * 1024 + 1))).code == 40005
    guild.denies("attach_files", server.bot, general)
    assert (await bot.upload(general.id, {}, first=b"x")).code == 50013


# --- reading back --------------------------------------------------------------------------------


async def test_what_was_said_after_an_id_is_listed_newest_first(
    bot: Rest, ann: Person, general: Channel
) -> None:
    said = [ann.says(str(number), general) for number in range(5)]
    path = f"/channels/{general.id}/messages"
    after = await bot.call("GET", f"{path}?after={said[1].id}&limit=2")
    assert [message["content"] for message in after] == ["3", "2"]
    before = await bot.call("GET", f"{path}?before={said[3].id}&limit=2")
    assert [message["content"] for message in before] == ["2", "1"]
    newest = await bot.call("GET", f"{path}?limit=1")
    assert [message["content"] for message in newest] == ["4"]
    around = await bot.call("GET", f"{path}?around={said[2].id}&limit=3")
    assert [message["content"] for message in around] == ["3", "2", "1"]
    assert await bot.refused("GET", f"{path}?limit=101") == 50035
    one = await bot.call("GET", f"{path}/{said[0].id}")
    assert one["content"] == "0"
    assert await bot.refused("GET", f"{path}/77") == 10008


async def test_a_message_can_be_from_the_past(bot: Rest, ann: Person, general: Channel) -> None:
    new = ann.says("new", general)
    old = ann.says("old", general, age=3600)
    assert old.id < new.id
    listed = await bot.call("GET", f"/channels/{general.id}/messages")
    assert [message["content"] for message in listed] == ["new", "old"]


async def test_without_the_history_nothing_is_listed(
    server: DiscordServer, bot: Rest, ann: Person, guild: Guild, general: Channel
) -> None:
    said = ann.says("x", general)
    guild.denies("read_message_history", server.bot, general)
    assert await bot.call("GET", f"/channels/{general.id}/messages") == []
    reference = {"message_id": str(said.id)}
    assert (await bot.send(general.id, "x", message_reference=reference)).code == 160002


async def test_without_the_intent_content_is_empty_over_rest_too() -> None:
    async with DiscordServer(granted=PRIVILEGED & ~Intents.MESSAGE_CONTENT) as server:
        ann = server.user("Ann")
        general = server.guild("Home", ann).text("general")
        ann.says("secret", general)
        async with rest(server) as bot:
            listed = await bot.call("GET", f"/channels/{general.id}/messages")
            assert [message["content"] for message in listed] == [""]


async def test_bulk_deletion_takes_2_to_100_that_are_not_too_old(
    bot: Rest, ann: Person, guild: Guild, general: Channel
) -> None:
    path = f"/channels/{general.id}/messages/bulk-delete"
    said = [ann.says("x", general) for _ in range(3)]
    ids = [str(message.id) for message in said]
    assert await bot.refused("POST", path, {"messages": ids}) == 50013
    guild.allows("manage_messages", guild.bot_role, general)
    assert await bot.refused("POST", path, {"messages": ids[:1]}) == 50035
    old = ann.says("x", general, age=15 * 86400)
    assert await bot.refused("POST", path, {"messages": [*ids, str(old.id)]}) == 50034
    await bot.call("POST", path, {"messages": ids})
    assert general.shown == [old]


# --- who may do what -----------------------------------------------------------------------------


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
    assert len(listed) == 2
    assert await bot.refused("GET", f"/guilds/{guild.id}/members/77") == 10013
    found = await bot.call("GET", f"/guilds/{guild.id}/members/search?query=an")
    assert [m["user"]["global_name"] for m in found] == ["Ann"]


# --- threads -------------------------------------------------------------------------------------


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


# --- limits and trouble --------------------------------------------------------------------------


async def test_a_bucket_is_told_in_headers_and_ends_in_429() -> None:
    async with DiscordServer() as server, rest(server) as bot:
        ann = server.user("Ann")
        guild = server.guild("Home", ann)
        one, two = guild.text("one"), guild.text("two")
        answers = [await bot.send(one.id) for _ in range(6)]
        assert [a.headers["X-RateLimit-Remaining"] for a in answers] == list("432100")
        assert [a.status for a in answers] == [200] * 5 + [429]
        assert 0 < answers[5].body["retry_after"] <= 5
        assert (answers[5].body["global"], answers[5].headers["X-RateLimit-Scope"]) == (
            False,
            "user",
        )
        assert (await bot.send(two.id)).status == 200, "each channel has its own"
        server.clock.advance(5)
        assert (await bot.send(one.id)).status == 200
        assert server.limits.refused == [("send_message", "user")]
        assert server.api.log[-1] == ("send_message", 200)


async def test_fifty_requests_a_second_are_the_limit_over_all() -> None:
    rates = Rates({}, other=Window(1000, 1.0), overall=Window(3, 60.0))
    async with DiscordServer(rates=rates) as server, rest(server) as bot:
        for _ in range(3):
            await bot.call("GET", "/users/@me")
        refused = await bot.raw("GET", "/users/@me")
        assert (refused.status, refused.body["global"]) == (429, True)
        assert refused.headers["X-RateLimit-Global"] == "true"
        server.clock.advance(60)
        await bot.call("GET", "/users/@me")


async def test_too_many_invalid_requests_bring_a_ban_without_via() -> None:
    rates = Rates({}, other=Window(1000, 1.0), invalid=Window(2, 600.0))
    async with DiscordServer(rates=rates) as server, rest(server) as bot:
        for _ in range(2):
            await bot.raw("GET", "/users/@me", token="wrong")
        banned = await bot.raw("GET", "/users/@me")
        assert (banned.status, "Via" in banned.headers) == (429, False)
        assert isinstance(banned.body, str)


async def test_what_others_did_to_a_shared_bucket_is_no_invalid_request() -> None:
    rates = Rates({}, other=Window(1000, 1.0), invalid=Window(1, 600.0))
    async with DiscordServer(rates=rates) as server, rest(server) as bot:
        server.faults.add("flood", "get_me", times=3)
        for _ in range(3):
            assert (await bot.raw("GET", "/users/@me")).code == 40062
        await bot.call("GET", "/users/@me")


async def test_downloads_fail_on_demand_too(
    server: DiscordServer, bot: Rest, ann: Person, general: Channel
) -> None:
    url = ann.says("see", general, files={"a.txt": b"hello"}).attachments[0].url
    server.faults.add("status", "download", code=503)
    server.faults.add("ban", "download")
    statuses = []
    for _ in range(3):
        async with bot.session.get(url) as answer:
            statuses.append(answer.status)
    assert statuses == [503, 429, 200]
    async with bot.session.get(url.replace("a.txt", "b/c")) as answer:
        assert answer.status == 404


async def test_trouble_comes_on_demand(server: DiscordServer, bot: Rest, general: Channel) -> None:
    server.faults.add("status", "send_message", code=502)
    server.faults.add("flood", "send_message", seconds=7)
    server.faults.add("ban", "send_message")
    server.faults.add("reset", "send_message")
    server.faults.add("lost", "send_message")
    assert (await bot.send(general.id)).status == 502
    flooded = await bot.send(general.id)
    assert (flooded.code, flooded.body["retry_after"]) == (40062, 7)
    assert (await bot.send(general.id)).status == 429
    with pytest.raises(ServerDisconnectedError):
        await bot.send(general.id, "b")
    assert server.said(general) == []
    with pytest.raises(ServerDisconnectedError):
        await bot.send(general.id, "c")
    assert server.said(general) == ["c"]
    server.goes_offline()
    with pytest.raises(ClientError):
        await bot.send(general.id)
