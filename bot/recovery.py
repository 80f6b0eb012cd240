"""What a crash left behind: turns that nobody is working on, replies that were not delivered."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

import structlog
from structlog.contextvars import bound_contextvars

from bot.adapter import Adapter, is_connected
from bot.chat import Chat, ended_draft
from bot.errors import StoreError
from bot.lanes import Job, Lanes
from bot.language import speaking
from bot.store import TurnRecord
from bot.types import ConversationKey, TurnState, utcnow

log = structlog.get_logger(__name__)

EVERY = 300.0
"""Seconds between two looks for replies that are held up."""


async def recover(
    adapter: Adapter, chat: Chat, lanes: Lanes, max_age: timedelta
) -> list[TurnRecord]:
    """Turns that had not begun are answered now; of those that had, what was said stays, marked
    as cut off. Returns the ended ones that `deliver` has to deliver: read before any is answered,
    so that none is delivered by both."""
    unbegun = []
    for record in await chat.store.unfinished(adapter.name):
        if not _begun(record) and _fresh(record, max_age) and adapter.limits.lasting:
            unbegun.append(Job(record.turn))
        else:
            await _keep_as_cut_off(record, chat)
    pending = await chat.store.pending(adapter.name)
    for job in unbegun:
        lanes.add(job)
    return pending


async def _keep_as_cut_off(record: TurnRecord, chat: Chat) -> None:
    with bound_contextvars(turn=record.turn.id):
        log.info("turn was cut off by a restart")
        with speaking(*await chat.languages(record.turn)):
            draft = ended_draft(record, TurnState.INTERRUPTED)
        await chat.keep(record.turn, draft, record.reply.usage)


async def deliver(pending: Iterable[TurnRecord], adapter: Adapter, chat: Chat) -> None:
    """Finished replies that were waiting for the network: conversations side by side, so that
    one that has to wait holds up no other."""
    waiting: defaultdict[ConversationKey, list[TurnRecord]] = defaultdict(list)
    for record in pending:
        waiting[record.turn.key].append(record)
    async with asyncio.TaskGroup() as group:
        for records in waiting.values():
            group.create_task(_deliver_in_order(records, adapter, chat))


async def keep_delivering(
    pending: Iterable[TurnRecord], adapter: Adapter, chat: Chat, lanes: Lanes
) -> None:
    """As `deliver`, until cancelled: also what the network is away for too long to take while the
    bot runs."""
    while True:
        await deliver(pending, adapter, chat)
        await asyncio.sleep(EVERY)
        pending = await _held_up(adapter, chat, lanes) if is_connected(adapter) else ()


async def _held_up(adapter: Adapter, chat: Chat, lanes: Lanes) -> list[TurnRecord]:
    """Ended, not delivered, and not just being so."""
    try:
        pending = await chat.store.pending(adapter.name)
    except StoreError as error:
        log.warning("what is held up can't be told", why=str(error))
        return []
    return [record for record in pending if not lanes.answers(record.turn)]


async def _deliver_in_order(records: list[TurnRecord], adapter: Adapter, chat: Chat) -> None:
    for record in records:
        with bound_contextvars(turn=record.turn.id):
            try:
                await _deliver(record, adapter, chat)
            except* StoreError as errors:
                log.warning("reply is held up", why=str(errors.exceptions[0]))


async def _deliver(record: TurnRecord, adapter: Adapter, chat: Chat) -> None:
    if adapter.limits.lasting:
        log.info("delivering what was held up")
        with speaking(*await chat.languages(record.turn)):
            await chat.show(record, ended_draft(record))
    else:
        await chat.store.delivered(record.turn)


def _begun(record: TurnRecord) -> bool:
    return bool(record.posts or record.reply.text or record.reply.reasoning)


def _fresh(record: TurnRecord, max_age: timedelta) -> bool:
    return utcnow() - record.turn.message.time <= max_age
