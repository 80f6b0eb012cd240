"""What of a long answer stands in the chat, and what goes as a file."""

from __future__ import annotations

from bot.delivery.settings import DeliverySettings
from bot.types import File


class Excerpt:
    def __init__(self, settings: DeliverySettings):
        self._settings = settings

    def grow(self, source: str) -> str:
        return source

    def files(self, source: str) -> tuple[File, ...]:
        return ()
