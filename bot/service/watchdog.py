"""A sign of life for as long as the event loop and the engine make progress, and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bot.service.notify import Notifier


async def keep_watch(notifier: Notifier, beat: Callable[[], Awaitable[None]]) -> None:
    """For ever. A `beat` that does not return, like an event loop that does not come to this,
    is silence: systemd then ends the process and starts it again."""
    if notifier.watchdog is None:
        return
    while True:
        await beat()
        notifier.alive()
        await asyncio.sleep(notifier.watchdog / 4)
