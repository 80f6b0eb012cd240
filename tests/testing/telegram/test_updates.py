"""What the strict Bot API server tells a bot, and when that counts as told."""

from __future__ import annotations

import asyncio

from aiohttp import ClientSession, web

from bot.testing.telegram import TelegramServer
from tests.testing.telegram.client import Client


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
        await server.until(lambda: server.api.calls["getUpdates"])
        server.person(1, "Ann").says("now")
    assert poll.result()[0]["message"]["text"] == "now"


async def test_the_older_of_two_pollers_gets_a_conflict(
    server: TelegramServer, bot: Client
) -> None:
    async with asyncio.TaskGroup() as group:
        older = group.create_task(bot.raw("getUpdates", timeout=30))
        await server.until(lambda: server.api.calls["getUpdates"])
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
