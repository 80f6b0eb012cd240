"""Updates are stored before Telegram is told that they arrived."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import structlog
from telegram import Update

from bot.errors import DeliveryError, StoreError

log = structlog.get_logger(__name__)

ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member", "chat_member"]
"""The kinds that are asked for."""

Process = Callable[[Update], Awaitable[None]]


def chat_of(update: Update) -> int:
    """Whose order it belongs into."""
    return update.effective_chat.id if update.effective_chat else 0


async def store(updates: Sequence[Update], process: Process) -> Update | None:
    """One after the other. Returns the first one that was not stored, which Telegram has to deliver
    again."""
    for update in updates:
        try:
            await process(update)
        except (StoreError, DeliveryError) as error:
            log.warning("update not stored yet", update=update.update_id, why=str(error))
            return update
        except Exception:
            log.exception("update dropped", update=update.update_id)
    return None
