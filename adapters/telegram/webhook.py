"""Updates by webhook: answered with 200 only once they are stored.

https://core.telegram.org/bots/api#setwebhook
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import structlog
from aiohttp import web
from telegram import Bot, Update
from telegram.error import BadRequest, NetworkError

from adapters.telegram.config import WebhookConfig
from adapters.telegram.failures import said
from adapters.telegram.storing import ALLOWED, Process, chat_of, store
from adapters.telegram.updates import readable
from bot.errors import ConfigError

log = structlog.get_logger(__name__)

HEADER = "X-Telegram-Bot-Api-Secret-Token"
LARGEST_UPDATE = 1024 * 1024
"""Bytes."""


class Receiver:
    """Chats side by side, each chat's updates in the order in which they came. A chat has a lock
    for as long as somebody holds it or waits for it."""

    def __init__(self, bot: Bot, process: Process, secret: str):
        self._bot, self._process, self._secret = bot, process, secret
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def receive(self, request: web.Request) -> web.Response:
        shown = request.headers.get(HEADER, "").encode(errors="replace")
        if not hmac.compare_digest(shown, self._secret.encode()):
            log.warning("webhook called without Telegram's secret", by=request.remote)
            return web.Response(status=403)
        try:
            update = Update.de_json(readable(await request.json()), self._bot)
        except (ValueError, RecursionError, NetworkError):
            return web.Response(status=400)
        async with self._locks.setdefault(chat_of(update), asyncio.Lock()):
            unstored = await store([update], self._process)
        return web.Response(status=200 if unstored is None else 503)


@asynccontextmanager
async def listening(bot: Bot, process: Process, config: WebhookConfig) -> AsyncIterator[str]:
    """Serve the webhook's path. Gives the secret that Telegram is to be told. Raises ConfigError
    where nothing can listen there."""
    secret = config.secret.reveal() if config.secret else secrets.token_urlsafe(32)
    app = web.Application(client_max_size=LARGEST_UPDATE)
    app.router.add_post(urlsplit(config.url).path or "/", Receiver(bot, process, secret).receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await _listen(runner, config)
        yield secret
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, config: WebhookConfig) -> None:
    try:
        await web.TCPSite(runner, config.listen, config.port).start()
    except OSError as error:
        problem = (
            f"can't listen on {config.listen}:{config.port} ({error.strerror}): choose another port"
        )
        raise ConfigError(problem, key="adapters.telegram.webhook") from None


async def announce(bot: Bot, config: WebhookConfig, secret: str) -> None:
    """Raises ConfigError where Telegram does not take the URL."""
    try:
        await bot.set_webhook(config.url, secret_token=secret, allowed_updates=ALLOWED)
    except BadRequest as error:
        raise ConfigError(said(error), key="adapters.telegram.webhook") from None
