"""Long polling that confirms an update only once it is stored.

python-telegram-bot's own Updater confirms updates before their handlers have run, and goes on
deaf after a 401; hence this loop. https://core.telegram.org/bots/api#getupdates
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog
from telegram import Bot, Update
from telegram.error import Conflict, TelegramError

from adapters.telegram.patience import endure
from bot.backoff import Backoff
from bot.errors import DeliveryError, StoreError

log = structlog.get_logger(__name__)

POLL = timedelta(seconds=30)
ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member", "chat_member"]

Process = Callable[[Update], Awaitable[None]]


async def poll(bot: Bot, process: Process, connected: asyncio.Event) -> None:
    """For ever; `connected` tells whether the last attempt went well, which after a failure is
    found out at once. Raises TokenRefused."""
    backoff, offset = Backoff(), 0
    while True:
        try:
            patience = POLL if connected.is_set() else timedelta()
            updates = await bot.get_updates(offset, timeout=patience, allowed_updates=ALLOWED)
        except TelegramError as error:
            if not isinstance(error, Conflict):  # then it is there, and another instance asks it
                connected.clear()
            await endure(error, backoff)
            continue
        connected.set()
        if backoff.failing:
            log.info("telegram answers again")
        unstored = await store(updates, process)
        if unstored is None:
            backoff.reset()
            offset = updates[-1].update_id + 1 if updates else offset
        else:
            offset = unstored
            await backoff.wait()


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
