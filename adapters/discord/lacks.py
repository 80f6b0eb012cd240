"""What the bot may not do here: named where it is refused, logged once a channel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from adapters.discord import permissions, texts
from adapters.discord.client import Client
from adapters.discord.failures import typed
from adapters.discord.permissions import GuildChannel
from adapters.discord.reading import channel_of
from adapters.discord.recent import Recent
from bot.errors import Forbidden
from bot.types import Place, Post

log = structlog.get_logger(__name__)

REMEMBERED = 10_000


class Lacks:
    def __init__(self) -> None:
        self._told: Recent[tuple[int, str], bool] = Recent(REMEMBERED)

    def log(self, channel: GuildChannel | None, lacks: Sequence[str]) -> bool:
        """Returns whether it is news."""
        if channel is None:
            return False
        news = [name for name in lacks if (channel.id, name) not in self._told]
        for name in news:
            self._told[channel.id, name] = True
        if news:
            log.warning(
                "permissions are missing: a server's administrator can give them to the bot's role",
                permissions=news,
                channel=channel.id,
                name=channel.name,
                server=channel.guild.id,
            )
        return bool(news)

    @asynccontextmanager
    async def explained(self, client: Client, place: Place, post: Post) -> AsyncIterator[None]:
        """As `typed`; what is forbidden is said by the name of the permission."""
        try:
            async with typed():
                yield
        except Forbidden:
            channel = permissions.cached(client, channel_of(place))
            missing = permissions.lacking(channel, permissions.needed(channel, post))
            if channel is None or not missing:
                raise
            self.log(channel, missing)
            raise Forbidden(texts.lacking(missing, f"#{channel.name}")) from None
