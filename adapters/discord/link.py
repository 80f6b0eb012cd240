"""The bot's login: made when it is first needed, by whoever needs it."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import discord
import structlog
from discord.gateway import KeepAliveHandler

from adapters.discord.client import Client, build, may_read_content
from adapters.discord.config import DiscordConfig
from adapters.discord.failures import ADVICE, OUT_OF_REACH, said
from bot.backoff import Backoff
from bot.errors import TokenRefused

log = structlog.get_logger(__name__)

WITHOUT_CONTENT = (
    "the message content intent is not granted: of other messages than direct ones, mentions, "
    "replies that ping and commands I see no text. Switch it on under 'Message Content Intent'"
)

LAST_BEAT = 5.0
"""Seconds for a heartbeat that is being sent."""


class Link:
    """Over REST as soon as it is logged in; the gateway is the adapter's business."""

    def __init__(self, config: DiscordConfig):
        self._config = config
        self._client: Client | None = None
        self._login = asyncio.Lock()
        self._content = True

    @property
    def known(self) -> Client | None:
        return self._client

    async def client(self) -> Client:
        """Logged in. Raises discord.py's errors."""
        async with self._login:
            if self._client is None:
                self._client = await self._log_in()
            return self._client

    async def persistently(self) -> Client:
        """Until it succeeds. Raises TokenRefused."""
        backoff = Backoff()
        while True:
            try:
                return await self.client()
            except discord.LoginFailure:
                raise TokenRefused("Discord", ADVICE) from None
            except (discord.HTTPException, discord.RateLimited, *OUT_OF_REACH) as error:
                if not backoff.failing:
                    log.warning("discord can't be reached, trying again", why=said(error))
                await backoff.wait()

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()
            await _end_heartbeats()

    def give_up_content(self) -> None:
        """Discord refused the intent: the next login goes without it."""
        self._content = False

    async def _log_in(self) -> Client:
        client = await self._logged_in(self._content)
        granted = may_read_content(client)
        if not (granted and self._content):
            log.warning(WITHOUT_CONTENT, at=_settings(client))
        if self._content and not granted:
            await client.close()
            return await self._logged_in(content=False)
        return client

    async def _logged_in(self, content: bool) -> Client:
        client = build(self._config, content=content)
        try:
            await client.login(self._config.token.reveal())
        except BaseException:
            await client.close()
            raise
        return client


async def _end_heartbeats() -> None:
    """The library's threads are told to stop and not waited for: one that comes late would find
    the event loop closed. One whose session was just beginning is forgotten, its socket open."""
    loop = asyncio.get_running_loop()
    for thread in threading.enumerate():
        if isinstance(thread, KeepAliveHandler) and thread.ws.loop is loop:
            with suppress(TimeoutError):
                await asyncio.wait_for(thread.ws.close(), LAST_BEAT)
            thread.stop()
            await asyncio.to_thread(thread.join, LAST_BEAT)


def _settings(client: Client) -> str:
    return f"https://discord.com/developers/applications/{client.application_id}/bot"
