"""The strict Bot API server, spoken to over plain HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, FormData, ServerDisconnectedError, web

from bot.testing.telegram import UNLIMITED, Rates, TelegramServer, Window

Json = dict[str, Any]


class Client:
    """A bot without an SDK."""

    def __init__(self, server: TelegramServer, session: ClientSession):
        self.server, self.session = server, session

    async def raw(self, method: str, token: str = "", **parameters: Any) -> Json:
        url = f"{self.server.base_url}{token or self.server.token}/{method}"
        async with self.session.post(url, json=parameters) as answer:
            body: Json = await answer.json()
            assert body["ok"] == answer.ok
            return body

    async def call(self, method: str, **parameters: Any) -> Any:
        answer = await self.raw(method, **parameters)
        assert answer["ok"], answer
        return answer["result"]

    async def refused(self, method: str, **parameters: Any) -> str:
        answer = await self.raw(method, **parameters)
        assert not answer["ok"], answer
        return str(answer["description"])


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(rates=UNLIMITED) as server:
        yield server


@pytest.fixture
async def bot(server: TelegramServer) -> AsyncIterator[Client]:
    async with ClientSession() as session:
        yield Client(server, session)


async def test_a_wrong_token_is_unauthorized_and_a_malformed_one_not_found(bot: Client) -> None:
    assert (await bot.raw("getMe", "4242:wrong"))["error_code"] == 401
    assert (await bot.raw("getMe", "nonsense"))["error_code"] == 404
    assert (await bot.raw("getNothing"))["error_code"] == 404
    assert (await bot.call("GETME"))["username"] == "chinwag_bot"


async def test_what_a_person_says_waits_until_a_higher_offset_confirms_it(
    server: TelegramServer, bot: Client
) -> None:
    server.person(1, "Ann").says("hi")
    first = await bot.call("getUpdates")
    again = await bot.call("getUpdates")
    assert first == again
    assert first[0]["message"]["text"] == "hi"
    assert await bot.call("getUpdates", offset=first[0]["update_id"] + 1) == []
    assert server.world.updates.pending == 0


async def test_a_poll_waits_for_news(server: TelegramServer, bot: Client) -> None:
    async with asyncio.TaskGroup() as group:
        poll = group.create_task(bot.call("getUpdates", timeout=30))
        await asyncio.sleep(0.05)
        server.person(1, "Ann").says("now")
    assert poll.result()[0]["message"]["text"] == "now"


async def test_the_older_of_two_pollers_gets_a_conflict(bot: Client) -> None:
    async with asyncio.TaskGroup() as group:
        older = group.create_task(bot.raw("getUpdates", timeout=30))
        await asyncio.sleep(0.05)
        newer = group.create_task(bot.raw("getUpdates", timeout=0))
    assert older.result()["error_code"] == 409
    assert "only one bot instance" in older.result()["description"]
    assert newer.result()["ok"]


async def test_updates_are_forgotten_after_a_day(server: TelegramServer, bot: Client) -> None:
    server.person(1, "Ann").says("hi")
    server.clock.advance(24 * 3600)
    assert await bot.call("getUpdates") == []


async def test_a_webhook_gets_updates_with_its_secret_until_it_takes_them() -> None:
    seen: list[tuple[str, str]] = []

    async def hook(request: web.Request) -> web.Response:
        body = await request.json()
        seen.append((request.headers["X-Telegram-Bot-Api-Secret-Token"], body["message"]["text"]))
        return web.Response(status=503 if len(seen) == 1 else 200)

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    async with TelegramServer(speed=100) as server, ClientSession() as session:
        bot = Client(server, session)
        assert "HTTPS" in await bot.refused("setWebhook", url="http://example.org/")
        await bot.call("setWebhook", url=url, secret_token="s3cret")
        assert "webhook is active" in await bot.refused("getUpdates")
        server.person(1, "Ann").says("hi")
        await server.until(lambda: not server.world.updates.pending)
    await runner.cleanup()
    assert seen == [("s3cret", "hi"), ("s3cret", "hi")]


async def test_the_limit_counts_after_entities_are_parsed(
    server: TelegramServer, bot: Client
) -> None:
    chat = server.person(1, "Ann").says("hi").chat
    await bot.call("sendMessage", chat_id=1, text=f"*{'x' * 4096}*", parse_mode="MarkdownV2")
    assert "too long" in await bot.refused("sendMessage", chat_id=1, text="x" * 4097)
    assert "too long" in await bot.refused("sendMessage", chat_id=1, text="<b></b>" * 5000)
    assert "empty" in await bot.refused("sendMessage", chat_id=1, text=" \n ")
    assert len(server.said(chat)) == 1


@pytest.mark.parametrize(
    ("text", "entities", "why"),
    [
        ("abc", [(0, 4)], "beyond"),
        ("abc", [(-1, 2)], "wrong offset"),
        ("abc", [(0, 0)], "wrong offset"),
        ("a😀b", [(0, 2)], "surrogate"),
        ("a😀b", [(2, 2)], "surrogate"),
        ("abcdef", [(0, 4), (2, 4)], "cross"),
    ],
)
async def test_bad_entities_are_refused(
    server: TelegramServer, bot: Client, text: str, entities: list[tuple[int, int]], why: str
) -> None:
    server.person(1, "Ann").says("hi")
    given = [{"type": "bold", "offset": o, "length": n} for o, n in entities]
    error = await bot.refused("sendMessage", chat_id=1, text=text, entities=given)
    assert error.startswith("Bad Request: can't parse entities")
    assert why in error


async def test_code_holds_nothing_and_quotes_do_not_nest(
    server: TelegramServer, bot: Client
) -> None:
    server.person(1, "Ann").says("hi")
    for outer, inner in [("code", "bold"), ("bold", "code"), ("blockquote", "blockquote")]:
        given = [
            {"type": outer, "offset": 0, "length": 3},
            {"type": inner, "offset": 1, "length": 1},
        ]
        assert "part of" in await bot.refused("sendMessage", chat_id=1, text="abc", entities=given)


@pytest.mark.parametrize(
    ("mode", "text", "error"),
    [
        ("MarkdownV2", "a.b", "Character '.' is reserved and must be escaped"),
        ("MarkdownV2", "*a", "Can't find end of Bold entity at byte offset 0"),
        ("MarkdownV2", "ü `a", "Can't find end of Code entity at byte offset 3"),
        ("MarkdownV2", "[a](b", "Can't find end of a URL"),
        ("HTML", "a < b", "Unclosed start tag at byte offset 2"),
        ("HTML", "<foo>a</foo>", 'Unsupported start tag "foo" at byte offset 0'),
        ("HTML", "<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("HTML", "<b>a</i>", 'expected "</b>", found "</i>"'),
        ("HTML", "a</b>", "Unexpected end tag at byte offset 1"),
    ],
)
async def test_markup_errors_are_telegrams(
    server: TelegramServer, bot: Client, mode: str, text: str, error: str
) -> None:
    server.person(1, "Ann").says("hi")
    said = await bot.refused("sendMessage", chat_id=1, text=text, parse_mode=mode)
    assert said.startswith("Bad Request: can't parse entities: ")
    assert error in said


@pytest.mark.parametrize(
    ("mode", "source", "text", "entities"),
    [
        ("MarkdownV2", "*a _b_*", "a b", [("bold", 0, 3), ("italic", 2, 1)]),
        ("MarkdownV2", r"1\.5", "1.5", []),
        ("MarkdownV2", "```py\nx=1```", "x=1", [("pre", 0, 3)]),
        ("MarkdownV2", ">a\n>b\nc", "a\nb\nc", [("blockquote", 0, 3)]),
        ("MarkdownV2", "**>a\n>b||", "a\nb", [("expandable_blockquote", 0, 3)]),
        ("MarkdownV2", "[x](http://y)", "x", [("text_link", 0, 1)]),
        ("HTML", "😀<b>a</b>", "😀a", [("bold", 2, 1)]),
        ("HTML", '<pre><code class="language-py">x</code></pre>', "x", [("pre", 0, 1)]),
        ("HTML", "<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", 0, 1)]),
        ("HTML", "1 &lt; 2", "1 < 2", []),
    ],
)
async def test_markup_becomes_entities(
    server: TelegramServer,
    bot: Client,
    mode: str,
    source: str,
    text: str,
    entities: list[tuple[str, int, int]],
) -> None:
    server.person(1, "Ann").says("hi")
    sent = await bot.call("sendMessage", chat_id=1, text=source, parse_mode=mode)
    found = [(e["type"], e["offset"], e["length"]) for e in sent.get("entities", [])]
    assert (sent["text"], found) == (text, entities)


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


async def test_floods_are_refused_by_chat_by_group_and_overall() -> None:
    async with TelegramServer() as server, ClientSession() as session:
        bot = Client(server, session)
        ann = server.person(1, "Ann")
        ann.says("hi")
        group = server.group(-5, "G", ann)
        for _ in range(5):
            await bot.call("sendMessage", chat_id=1, text="a")
        answer = await bot.raw("sendMessage", chat_id=1, text="a")
        assert answer["error_code"] == 429
        assert answer["parameters"]["retry_after"] >= 1
        for number in range(20):
            server.clock.advance(2)
            sent = await bot.call("sendMessage", chat_id=group.chat.id, text=str(number))
        server.clock.advance(2)
        here = {"chat_id": group.chat.id, "message_id": sent["message_id"]}
        refused = await bot.raw("editMessageText", **here, text="b")
        assert 15 <= refused["parameters"]["retry_after"] <= 20
        assert server.world.floods.refused == 2


async def test_overall_counts_all_chats_together() -> None:
    rates = Rates(chat=(), overall=(Window(3, 1.0),))
    async with TelegramServer(rates=rates) as server, ClientSession() as session:
        bot = Client(server, session)
        for number in range(1, 5):
            server.person(number, "P").says("hi")
        codes = [
            (await bot.raw("sendMessage", chat_id=n, text="a")).get("error_code")
            for n in range(1, 5)
        ]
        assert codes == [None, None, None, 429]


async def test_privacy_mode_hides_what_is_not_for_the_bot(
    server: TelegramServer, bot: Client
) -> None:
    ann = server.person(1, "Ann")
    group = server.group(-5, "G", ann)
    sent = await bot.call("sendMessage", chat_id=-5, text="I am here")
    mine = group.chat.messages[sent["message_id"]]
    ann.says("just talking", group.chat)
    ann.says("/help", group.chat)
    ann.says("/help@other_bot", group.chat)
    ann.says("/help@Chinwag_Bot", group.chat)
    ann.says("well, @chinwag_bot?", group.chat)
    ann.says("not @chinwag_bot2", group.chat)
    ann.says("I see", group.chat, reply_to=mine)
    texts = [u["message"]["text"] for u in await bot.call("getUpdates")]
    assert texts == ["/help", "/help@Chinwag_Bot", "well, @chinwag_bot?", "I see"]
    server.world.privacy = False
    ann.says("just talking", group.chat)
    assert (await bot.call("getUpdates"))[-1]["message"]["text"] == "just talking"


async def test_a_pressed_button_wants_its_answer_in_time(
    server: TelegramServer, bot: Client
) -> None:
    ann = server.person(1, "Ann")
    ann.says("hi")
    keyboard = {"inline_keyboard": [[{"text": "Stop", "callback_data": "x1"}]]}
    await bot.call("sendMessage", chat_id=1, text="a", reply_markup=keyboard)
    message = ann.private.shown[-1]
    press = ann.presses(message, "Stop")
    update = (await bot.call("getUpdates"))[-1]["callback_query"]
    assert (update["data"], update["id"]) == ("x1", press.id)
    await bot.call("answerCallbackQuery", callback_query_id=press.id)
    assert press.answered_after is not None
    late = ann.presses(message, "Stop")
    server.clock.advance(16)
    assert "too old" in await bot.refused("answerCallbackQuery", callback_query_id=late.id)


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


async def test_administrators_are_known_and_chat_member_updates_are_asked_for(
    server: TelegramServer, bot: Client
) -> None:
    ann, ben = server.person(1, "Ann"), server.person(2, "Ben")
    group = server.group(-5, "G", ann, ben)
    await bot.call("getUpdates", allowed_updates=["message", "chat_member"])
    group.promotes(ben)
    group.promotes_bot()
    group.demotes(ben)
    ids = {m["user"]["id"] for m in await bot.call("getChatAdministrators", chat_id=-5)}
    assert ids == {1, server.world.bot_id}
    kinds = [set(u) - {"update_id"} for u in await bot.call("getUpdates")]
    assert kinds == [{"chat_member"}]


async def test_trouble_comes_on_demand(server: TelegramServer, bot: Client) -> None:
    ann = server.person(1, "Ann")
    ann.says("hi")
    server.faults.add("status", "sendMessage", code=502)
    server.faults.add("flood", "sendMessage", seconds=7)
    server.faults.add("reset", "sendMessage")
    server.faults.add("lost", "sendMessage")
    assert (await bot.raw("sendMessage", chat_id=1, text="a"))["error_code"] == 502
    flooded = await bot.raw("sendMessage", chat_id=1, text="a")
    assert flooded["parameters"] == {"retry_after": 7}
    with pytest.raises(ServerDisconnectedError):
        await bot.raw("sendMessage", chat_id=1, text="b")
    assert server.said(ann.private) == []
    with pytest.raises(ServerDisconnectedError):
        await bot.raw("sendMessage", chat_id=1, text="c")
    assert server.said(ann.private) == ["c"]
    server.faults.offline = True
    with pytest.raises(ServerDisconnectedError):
        await bot.raw("getMe")
