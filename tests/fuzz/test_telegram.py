"""Whatever Telegram sends, or somebody in its place, the bot reads on."""

from __future__ import annotations

import random
from itertools import product

import pytest
from aiohttp import ClientSession
from hypothesis import example, given
from hypothesis import strategies as st
from telegram.error import NetworkError

from adapters.telegram.updates import UpdatesRequest, readable
from bot.testing.common.mangle import JUNK, mangled
from bot.testing.telegram import UNLIMITED, TelegramServer
from bot.types import Received
from tests.adapters.telegram_bot import Bot, running
from tests.fuzz.telegram_updates import samples
from tests.fuzz.typed import NO_TEXTS, untyped

pytestmark = pytest.mark.slow

MALFORMED = 300
DEEP = 300
BODIES = (b"", b"{", b"[]", b"null", b'{"update_id": "x"}', b"[" * 100_000)


def texts(bot: Bot) -> list[str]:
    """Of all that it heard, which are messages."""
    return [e.message.text if isinstance(e, Received) else repr(e) for e in bot.inbox.events]


async def test_malformed_updates_are_passed_over_and_the_next_good_one_arrives() -> None:
    dice = random.Random(7)
    corpus = await samples()
    async with TelegramServer() as server:
        ann = server.person(1001, "Ann")
        for _ in range(MALFORMED):
            server.world.updates.add_raw(mangled(dice.choice(corpus), dice))
        async with running(server) as bot:
            ann.says("after all that")
            await server.until(lambda: not server.world.updates.pending, 60)
            *_, last = bot.inbox.events
            assert list(untyped(tuple(bot.inbox.events))) == []
    assert isinstance(last, Received)
    assert last.message.text == "after all that"


async def test_a_text_that_is_none_gets_no_further_than_the_adapter() -> None:
    said = next(update for update in await samples() if "text" in update.get("message", {}))
    async with TelegramServer(rates=UNLIMITED) as server:
        for name, junk in product(("text", "caption", "reply_to_message", "entities"), NO_TEXTS):
            server.world.updates.add_raw({**said, "message": {**said["message"], name: junk}})
        async with running(server) as bot:
            server.person(1001, "Ann").says("after all that")
            await server.until(lambda: not server.world.updates.pending, 60)
            assert texts(bot) == ["after all that"]


async def test_replies_to_replies_without_end_are_passed_over() -> None:
    said = next(update for update in await samples() if "text" in update.get("message", {}))
    deep = said["message"]
    for _ in range(DEEP):
        deep = {**said["message"], "reply_to_message": deep}
    async with TelegramServer(rates=UNLIMITED) as server:
        server.world.updates.add_raw({**said, "message": deep})
        async with running(server) as bot:
            server.person(1001, "Ann").says("after all that")
            await server.until(lambda: not server.world.updates.pending, 60)
            assert texts(bot) == ["after all that"]


async def test_a_webhook_answers_anything_and_goes_on() -> None:
    dice = random.Random(8)
    corpus = await samples()
    async with TelegramServer() as server:
        url = "http://127.0.0.1:18443/hook"
        hook = {"url": url, "port": 18443, "secret": "s3cret"}
        async with running(server, webhook=hook) as bot, ClientSession() as session:
            headers = {"X-Telegram-Bot-Api-Secret-Token": "s3cret"}
            for body in BODIES:
                async with session.post(url, data=body, headers=headers) as answer:
                    assert answer.status == 400
            for number in range(100):
                update = mangled(dice.choice(corpus), dice) | {"update_id": number}
                async with session.post(url, json=update, headers=headers) as answer:
                    assert answer.status == 200
            server.person(1001, "Ann").says("after all that")
            await server.until(lambda: not server.world.updates.pending, 30)
            assert isinstance(bot.inbox.events[-1], Received)


@given(st.binary(max_size=200))
@example(b'{"result": ' + b"[" * 100_000)
def test_bytes_that_are_no_answer_are_an_error_of_the_network(payload: bytes) -> None:
    try:
        answer = UpdatesRequest.parse_json_payload(payload)
    except Exception as error:
        assert type(error).__module__ == "telegram.error"  # noqa: PT017 – of one family
    else:
        assert isinstance(answer, dict)


@pytest.mark.parametrize("number", [junk for junk in JUNK if not isinstance(junk, int)])
def test_an_update_that_cannot_be_confirmed_is_an_error_of_the_network(number: object) -> None:
    with pytest.raises(NetworkError):
        readable({"update_id": number})
