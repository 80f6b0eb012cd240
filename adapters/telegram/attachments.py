"""What comes with a message, and the text in it, within bounds of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog
from telegram import Bot, Message, PhotoSize
from telegram.error import TelegramError

from adapters.telegram.config import TelegramConfig
from adapters.telegram.failures import said
from bot.documents import readable, text_of
from bot.types import Attachment

log = structlog.get_logger(__name__)

NAMES = {
    "animation": ("animation.mp4", "video/mp4"),
    "audio": ("audio.mp3", "audio/mpeg"),
    "document": ("document", "application/octet-stream"),
    "photo": ("photo.jpg", "image/jpeg"),
    "sticker": ("sticker.webp", "image/webp"),
    "video": ("video.mp4", "video/mp4"),
    "video_note": ("video message.mp4", "video/mp4"),
    "voice": ("voice message.ogg", "audio/ogg"),
}
"""Kinds of Telegram's, with the name and media type that a nameless one gets."""


class Attachments:
    def __init__(self, config: TelegramConfig):
        self._largest, self._seconds = config.file_bytes, config.file_seconds

    async def of(self, messages: Iterable[Message], bot: Bot) -> tuple[Attachment, ...]:
        """Of all of them, in their order, in the time that one may take. Never raises: what can't
        be read is still named."""
        found = await asyncio.gather(*(self._of(message, bot) for message in messages))
        return tuple(attachment for attachment in found if attachment is not None)

    async def _of(self, message: Message, bot: Bot) -> Attachment | None:
        kind = next((kind for kind in NAMES if getattr(message, kind)), None)
        if kind is None:
            return None
        file = getattr(message, kind)
        if kind == "photo":
            file = _largest(file)
        name, media_type = NAMES[kind]
        name = getattr(file, "file_name", None) or name
        media_type = getattr(file, "mime_type", None) or media_type
        size = file.file_size or 0
        text = None
        if kind == "document" and readable(name, media_type) and size <= self._largest:
            text = await self._text(bot, file.file_id, name, media_type)
        return Attachment(name, media_type, size, text)

    async def _text(self, bot: Bot, file_id: str, name: str, media_type: str) -> str | None:
        try:
            async with asyncio.timeout(self._seconds):
                file = await bot.get_file(file_id)
                data = bytes(await file.download_as_bytearray())
                return await text_of(name, media_type, data) if self._fits(data) else None
        except TelegramError as error:
            log.warning("attachment not read", why=said(error))
        except TimeoutError:
            log.warning("attachment not read", why=f"it took longer than {self._seconds:g} s")
        return None

    def _fits(self, data: bytes) -> bool:
        return len(data) <= self._largest


def _largest(sizes: tuple[PhotoSize, ...]) -> PhotoSize:
    return max(sizes, key=lambda size: size.width)
