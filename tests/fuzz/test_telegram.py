"""Whatever Telegram sends, or somebody in its place, the bot reads on."""

from __future__ import annotations

import random

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import NetworkError

from adapters.telegram.updates import UpdatesRequest, readable
from bot.testing.common.mangle import JUNK, mangled
from bot.testing.telegram import TelegramServer
from bot.types import Received
from tests.adapters.telegram_bot import running
from tests.fuzz.telegram_updates import samples

pytestmark = pytest.mark.slow

MALFORMED = 300


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
            last = bot.inbox.events[-1]
    assert isinstance(last, Received)
    assert last.message.text == "after all that"


@pytest.mark.slow
async def test_a_webhook_answers_anything_and_goes_on() -> None:
    dice = random.Random(8)
    corpus = await samples()
    async with TelegramServer() as server:
        url = "http://127.0.0.1:18443/hook"
        hook = {"url": url, "port": 18443, "secret": "s3cret"}
        async with running(server, webhook=hook) as bot, ClientSession() as session:
            headers = {"X-Telegram-Bot-Api-Secret-Token": "s3cret"}
            for body in (b"", b"{", b"[]", b"null", b'{"update_id": "x"}'):
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
