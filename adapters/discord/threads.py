"""Threads that the bot opens from a message; they have the message's id."""

from __future__ import annotations

from typing import Final

import discord

from adapters.discord.client import Client
from adapters.discord.failures import HAS_THREAD

ARCHIVED_AFTER: Final = 1440
"""Minutes without a message."""


async def open_thread(client: Client, channel: int, message: int, name: str) -> bool:
    """Returns whether it is new. Raises discord.py's errors."""
    try:
        await client.http.start_thread_with_message(
            channel, message, name=name, auto_archive_duration=ARCHIVED_AFTER
        )
    except discord.HTTPException as error:
        if error.code != HAS_THREAD:
            raise
        return False
    return True
