"""The strict Bot API server's door: tokens, floods, trouble on demand."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession, ServerDisconnectedError

from bot.testing.telegram import Rates, TelegramServer, Window
from tests.testing.telegram.client import Client


async def test_a_wrong_token_is_unauthorized_and_a_malformed_one_not_found(bot: Client) -> None:
    assert (await bot.raw("getMe", "4242:wrong"))["error_code"] == 401
    assert (await bot.raw("getMe", "nonsense"))["error_code"] == 404
    assert (await bot.raw("getNothing"))["error_code"] == 404
    assert (await bot.call("GETME"))["username"] == "chinwag_bot"


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
