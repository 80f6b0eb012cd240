"""discord.py, set up to keep no more than it must and to hand every event over in its order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord.config import DiscordConfig
from adapters.discord.tolerance import tolerate

Hear = Callable[[str, tuple[Any, ...]], None]

LONGEST_WAIT = 30.0
"""Seconds; for longer rate limits the core is told, instead of waiting in the library."""


class Client(discord.AutoShardedClient):
    """`hear` gets each event at once: tasks of their own could overtake one another."""

    hear: Hear | None = None

    def __init__(self, **options: Any):
        super().__init__(**options)
        tolerate(self._connection.parsers)

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        super().dispatch(event, *args, **kwargs)
        if self.hear is not None:
            self.hear(event, args)

    @property
    def me(self) -> discord.ClientUser:
        assert self.user is not None, "nobody is logged in"  # noqa: S101
        return self.user


def build(config: DiscordConfig, *, content: bool) -> Client:
    """`content`: with the intent to read messages that are not for the bot."""
    Route.BASE = config.api_url
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody speaks here
    return Client(
        intents=_intents(content),
        shard_count=None if config.shards == "auto" else config.shards,
        shard_ids=list(config.shard_ids) or None,
        max_messages=None,
        chunk_guilds_at_startup=False,
        member_cache_flags=discord.MemberCacheFlags.none(),
        allowed_mentions=discord.AllowedMentions.none(),
        max_ratelimit_timeout=LONGEST_WAIT,
        guild_ready_timeout=0.1,  # servers that come later are taken up when they come
    )


def may_read_content(client: Client) -> bool:
    """Whether the application has the message content intent."""
    application = client.application
    if application is None:
        return False
    flags = application.flags
    return flags.gateway_message_content or flags.gateway_message_content_limited


async def find_gateway(client: Client) -> None:
    """The library has Discord's own built in; a proxy has another."""
    _, url, _ = await client.http.get_bot_gateway()
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)


def _intents(content: bool) -> discord.Intents:
    intents = discord.Intents.none()
    intents.guilds = intents.guild_messages = intents.dm_messages = True
    intents.message_content = content
    return intents
