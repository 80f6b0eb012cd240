"""What comes with a message, and the text in it, within bounds of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import discord
import structlog

from adapters.discord.config import DiscordConfig
from adapters.discord.failures import OUT_OF_REACH, said
from bot.documents import readable, text_of
from bot.types import Attachment

log = structlog.get_logger(__name__)

UNKNOWN = "application/octet-stream"


class Attachments:
    def __init__(self, config: DiscordConfig):
        self._largest, self._seconds = config.file_bytes, config.file_seconds

    async def read(self, files: Iterable[discord.Attachment]) -> tuple[Attachment, ...]:
        """All of them in the time that one may take. Never raises: what can't be read is still
        named."""
        return tuple(await asyncio.gather(*(self._one(file) for file in files)))

    async def _one(self, file: discord.Attachment) -> Attachment:
        media_type = (file.content_type or UNKNOWN).partition(";")[0]
        text = None
        if readable(file.filename, media_type) and file.size <= self._largest:
            text = await self._text(file, media_type)
        return Attachment(file.filename, media_type, file.size, text)

    async def _text(self, file: discord.Attachment, media_type: str) -> str | None:
        try:
            async with asyncio.timeout(self._seconds):
                data = await file.read()
                return await text_of(file.filename, media_type, data)
        except TimeoutError:
            log.warning("attachment not read", why=f"it took longer than {self._seconds:g} s")
        except (discord.DiscordException, *OUT_OF_REACH) as error:
            log.warning("attachment not read", why=said(error))
        return None
