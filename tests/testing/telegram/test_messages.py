"""What a bot may send, edit and take back, and where."""

from __future__ import annotations

from aiohttp import FormData

from bot.testing.telegram import TelegramServer
from tests.testing.telegram.client import Client


async def test_edits_know_what_is_there(server: TelegramServer, bot: Client) -> None:
    asked = server.person(1, "Ann").says("hi")
    sent = await bot.call("sendMessage", chat_id=1, text="a")
    here = {"chat_id": 1, "message_id": sent["message_id"]}
    await bot.call("editMessageText", **here, text="b")
    assert "is not modified" in await bot.refused("editMessageText", **here, text="b")
    await bot.call("deleteMessage", **here)
    assert "to edit not found" in await bot.refused("editMessageText", **here, text="c")
    assert "to delete not found" in await bot.refused("deleteMessage", **here)
    foreign = {"chat_id": 1, "message_id": asked.id}
    assert "can't be edited" in await bot.refused("editMessageText", **foreign, text="c")


async def test_a_reply_needs_its_message(server: TelegramServer, bot: Client) -> None:
    asked = server.person(1, "Ann").says("hi")
    sent = await bot.call(
        "sendMessage", chat_id=1, text="a", reply_parameters={"message_id": asked.id}
    )
    assert sent["reply_to_message"]["message_id"] == asked.id
    gone = {"message_id": 999}
    assert "replied not found" in await bot.refused(
        "sendMessage", chat_id=1, text="a", reply_parameters=gone
    )
    patient = gone | {"allow_sending_without_reply": True}
    await bot.call("sendMessage", chat_id=1, text="a", reply_parameters=patient)


async def test_a_draft_is_private_and_short_lived(server: TelegramServer, bot: Client) -> None:
    ann = server.person(1, "Ann")
    ann.says("hi")
    group = server.group(-5, "G", ann)
    await bot.call("sendMessageDraft", chat_id=1, draft_id=7, text="gro")
    await bot.call("sendMessageDraft", chat_id=1, draft_id=7, text="growing")
    assert ann.private.drafts == ["gro", "growing"]
    assert server.draft(ann.private) == "growing"
    server.clock.advance(30)
    assert server.draft(ann.private) is None
    assert "non-zero" in await bot.refused("sendMessageDraft", chat_id=1, draft_id=0, text="a")
    assert "private" in await bot.refused(
        "sendMessageDraft", chat_id=group.chat.id, draft_id=7, text="a"
    )


async def test_files_go_up_and_come_down_within_limits(server: TelegramServer, bot: Client) -> None:
    ann = server.person(1, "Ann")
    ann.sends_file("a.txt", b"hello")
    ann.sends_file("b.bin", b"", size=21 * 1024 * 1024)
    small, large = (u["message"]["document"] for u in await bot.call("getUpdates"))
    path = (await bot.call("getFile", file_id=small["file_id"]))["file_path"]
    async with bot.session.get(f"{server.base_file_url}{server.token}/{path}") as answer:
        assert await answer.read() == b"hello"
    assert "too big" in await bot.refused("getFile", file_id=large["file_id"])
    form = FormData({"chat_id": "1", "document": "attach://file0", "caption": "see"})
    form.add_field("file0", b"data", filename="c.py", content_type="text/x-python")
    url = f"{server.base_url}{server.token}/sendDocument"
    async with bot.session.post(url, data=form) as sent:
        document = (await sent.json())["result"]["document"]
    assert (document["file_name"], document["file_size"]) == ("c.py", 4)
    assert server.said(ann.private) == ["see"]


async def test_a_topic_is_a_thread_of_its_forum(server: TelegramServer, bot: Client) -> None:
    ann = server.person(1, "Ann")
    group = server.group(-100, "F", ann, forum=True)
    topic = group.topic("News", ann)
    ann.says("/help", group.chat, thread=topic)
    message = (await bot.call("getUpdates"))[-1]["message"]
    assert (message["message_thread_id"], message["is_topic_message"]) == (topic, True)
    assert message["reply_to_message"]["message_id"] == topic
    await bot.call("sendMessage", chat_id=-100, message_thread_id=topic, text="a")
    assert "thread not found" in await bot.refused(
        "sendMessage", chat_id=-100, message_thread_id=99, text="a"
    )


async def test_a_supergroup_takes_over_from_its_group(server: TelegramServer, bot: Client) -> None:
    group = server.group(-5, "G", server.person(1, "Ann"))
    group.becomes_supergroup(-1005)
    told = [u["message"] for u in await bot.call("getUpdates")]
    assert told[0]["migrate_to_chat_id"] == -1005
    assert told[1]["migrate_from_chat_id"] == -5
    answer = await bot.raw("sendMessage", chat_id=-5, text="a")
    assert answer["parameters"] == {"migrate_to_chat_id": -1005}
    await bot.call("sendMessage", chat_id=-1005, text="a")


async def test_where_the_bot_is_not_wanted_it_is_forbidden(
    server: TelegramServer, bot: Client
) -> None:
    ann = server.person(1, "Ann")
    assert "chat not found" in await bot.refused("sendMessage", chat_id=1, text="a")
    assert ann.private
    assert "can't initiate" in await bot.refused("sendMessage", chat_id=1, text="a")
    ann.says("hi")
    ann.blocks()
    assert "blocked by the user" in await bot.refused("sendMessage", chat_id=1, text="a")
    group = server.group(-5, "G", ann)
    group.chat.muted = True
    assert "not enough rights" in await bot.refused("sendMessage", chat_id=-5, text="a")
    group.kicks_bot()
    assert "kicked" in await bot.refused("sendMessage", chat_id=-5, text="a")


async def test_commands_are_kept_by_scope_and_language(server: TelegramServer, bot: Client) -> None:
    commands = [{"command": "help", "description": "what I can"}]
    await bot.call("setMyCommands", commands=commands)
    await bot.call("setMyCommands", commands=commands, language_code="de")
    assert server.world.commands[("default", "de")] == commands
    bad = [{"command": "Help", "description": "x"}]
    assert "BOT_COMMAND_INVALID" in await bot.refused("setMyCommands", commands=bad)
    there = {"type": "chat", "chat_id": 77}
    assert "chat not found" in await bot.refused("setMyCommands", commands=commands, scope=there)
