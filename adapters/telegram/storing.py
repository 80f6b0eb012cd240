"""Updates are stored before Telegram is told that they arrived."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

import structlog
from telegram import Update

from bot.errors import DeliveryError, StoreError

log = structlog.get_logger(__name__)

ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member", "chat_member"]
"""The kinds that are asked for."""

Process = Callable[[Update], Awaitable[None]]


async def store(updates: Sequence[Update], process: Process) -> int | None:
    """Process the updates, chats side by side and each chat's in order. Returns the first one
    that was not stored, which Telegram has to deliver again."""
    lanes: defaultdict[int, list[Update]] = defaultdict(list)
    for update in updates:
        lanes[update.effective_chat.id if update.effective_chat else 0].append(update)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_in_order(lane, process)) for lane in lanes.values()]
    unstored = [number for task in tasks if (number := task.result()) is not None]
    return min(unstored, default=None)


async def _in_order(updates: Sequence[Update], process: Process) -> int | None:
    for update in updates:
        try:
            await process(update)
        except (StoreError, DeliveryError) as error:
            log.warning("update not stored yet", update=update.update_id, why=str(error))
            return update.update_id
        except Exception:
            log.exception("update dropped", update=update.update_id)
    return None
