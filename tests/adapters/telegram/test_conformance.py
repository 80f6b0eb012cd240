"""Telegram passes the suite that all adapters have to pass, beside the strict server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.testing.conformance import Conformance, Network
from bot.testing.telegram import UNLIMITED, Chat, Person, TelegramServer
from bot.types import Place
from tests.adapters.telegram_bot import configured

pytestmark = pytest.mark.slow


class TestTelegram(Conformance):
    @pytest.fixture
    async def server(self) -> AsyncIterator[TelegramServer]:
        async with TelegramServer(rates=UNLIMITED) as server:
            yield server

    @pytest.fixture(params=["private", "group"])
    def network(self, request: pytest.FixtureRequest, server: TelegramServer) -> Network:
        person = server.person(1001, "Ann")
        chat = person.private if request.param == "private" else _group(server, person)
        chat.started = True
        adapter = configured(server)
        place = Place("telegram", str(chat.id), private=chat.private)
        call = "" if chat.private else "@chinwag_bot "

        async def say(text: str) -> None:
            person.says(call + text, chat)

        async def remove() -> None:
            chat.messages.pop(chat.shown[-1].id)

        return Network(adapter, place, lambda: [m.text for m in chat.shown], say, remove)


def _group(server: TelegramServer, person: Person) -> Chat:
    return server.group(-5, "G", person).chat
