"""The connection: webhooks, stores that fail, clocks that are wrong, networks that go away."""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta

import pytest
from aiohttp import ClientSession

from adapters.telegram.webhook import HEADER
from bot.errors import ConfigError, TokenRefused
from bot.testing.telegram import UNLIMITED, TelegramServer
from bot.types import Received, utcnow
from tests.adapters.kept import KeptInbox
from tests.adapters.telegram_bot import configured, running

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def texts(inbox: KeptInbox) -> list[str]:
    return [event.message.text for event in inbox.events if isinstance(event, Received)]


async def test_what_could_not_be_stored_is_not_confirmed_and_comes_again() -> None:
    async with TelegramServer(rates=UNLIMITED) as server, running(server) as bot:
        bot.inbox.failing = 1
        server.person(1001, "Ann").says("one")
        server.person(1001, "Ann").says("two")
        await bot.got(2)
        assert texts(bot.inbox) == ["one", "two"]
        assert max(server.world.updates.delivered.values()) > 1


async def test_a_webhook_wants_the_secret_and_confirms_what_is_stored() -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/tg"
    hook = {"url": url, "port": port, "secret": "s3cret"}
    async with TelegramServer(speed=100) as server, running(server, webhook=hook) as bot:
        for secret in ("", "wrong", "größer"):
            shown = {HEADER: secret}
            async with ClientSession() as session, session.post(url, headers=shown) as answer:
                assert answer.status == 403
        bot.inbox.failing = 1
        server.person(1001, "Ann").says("one")
        server.person(1001, "Ann").says("two")
        await bot.got(2)
        assert texts(bot.inbox) == ["one", "two"]


async def test_a_webhook_keeps_the_order_of_each_chat() -> None:
    port = free_port()
    hook = {"url": f"http://127.0.0.1:{port}/tg", "port": port}
    async with TelegramServer(speed=100) as server, running(server, webhook=hook) as bot:
        ann = server.person(1001, "Ann")
        said = [ann.says(f"number {n}") for n in range(20)]
        await bot.got(20)
        assert texts(bot.inbox) == [message.text for message in said]


async def test_a_port_that_is_taken_is_a_mistake_in_the_config() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        hook = {"url": f"http://127.0.0.1:{port}/tg", "port": port}
        async with TelegramServer() as server:
            adapter = configured(server, webhook=hook)
            with pytest.raises(ConfigError, match="another port"):
                await adapter.run(KeptInbox())


async def test_a_webhook_that_telegram_refuses_is_a_mistake_in_the_config() -> None:
    hook = {"url": "http://example.org/tg", "port": free_port()}
    async with TelegramServer() as server:
        adapter = configured(server, webhook=hook)
        with pytest.raises(ConfigError, match="https url"):
            await adapter.run(KeptInbox())


async def test_a_refused_token_is_said_without_it() -> None:
    async with TelegramServer() as server:
        adapter = configured(server)
        server.revoke_token()
        with pytest.raises(TokenRefused) as refused:
            await adapter.run(KeptInbox())
        assert server.token not in str(refused.value)
        assert refused.value.__cause__ is None
        assert refused.value.__suppress_context__


async def test_a_server_that_is_away_at_the_start_is_waited_for() -> None:
    async with TelegramServer() as server:
        server.faults.offline = True
        adapter, inbox = configured(server), KeptInbox()
        task = asyncio.create_task(adapter.run(inbox))
        await server.until(lambda: server.api.calls["getMe"] > 1)
        server.faults.clear()
        server.person(1001, "Ann").says("hi")
        await server.until(lambda: inbox.events)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_counts_as_connected_while_it_is() -> None:
    async with TelegramServer() as server, running(server) as bot:
        connected = bot.adapter.connected
        assert connected.is_set()
        server.faults.offline = True
        server.person(1001, "Ann").says("hi")  # ends the poll that is under way
        await server.until(lambda: not connected.is_set())
        server.faults.clear()
        await server.until(connected.is_set, 30)


async def test_a_clock_that_is_wrong_makes_no_message_stale(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with TelegramServer(skew=-7200) as server, running(server) as bot:
        server.person(1001, "Ann").says("hi")
        (event,) = await bot.got(1)
    assert isinstance(event, Received)
    assert abs(utcnow() - event.message.time) < timedelta(seconds=30)
    assert "clock skew" in capsys.readouterr().out
