"""Messages of the strict Discord: sent, edited, listed, deleted, within their limits."""

from __future__ import annotations

from typing import Any

import pytest

from bot.testing.discord import (
    PRIVILEGED,
    Channel,
    DiscordServer,
    Guild,
    Intents,
    Person,
)
from tests.testing.discord.client import Json, Rest, rest


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
