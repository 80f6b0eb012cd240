"""What people say, and the conversations that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Select, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store import records
from bot.store.database import Family, reads, writes
from bot.store.people import meet
from bot.store.tables import (
    ACTIVE,
    SHOWN,
    ConversationRow,
    MessageRow,
    PostRow,
    TurnRow,
    UserRow,
)
from bot.store.text import storable
from bot.types import ConversationKey, Message, Place, Turn, TurnState, utcnow

UNBEGUN = (TurnRow.state == TurnState.QUEUED) & ~exists().where(PostRow.turn_id == TurnRow.id)
"""Of these turns nothing was said or shown."""


def active(key: ConversationKey) -> ColumnElement[bool]:
    """At most one conversation."""
    keyed = (ConversationRow.adapter, ConversationRow.chat, ConversationRow.thread)
    adapter, chat, thread = keyed
    return (adapter == key.adapter) & (chat == key.chat) & (thread == key.thread) & ACTIVE


OPTED_OUT = exists().where(
    UserRow.adapter == MessageRow.adapter,
    UserRow.id == MessageRow.author_id,
    UserRow.opted_out_at.is_not(None),
)
"""Of these people nothing is part of a history, whenever they said it."""


def newest(conversation_id: ColumnElement[int] | int, limit: int) -> Select[MessageRow]:
    """Reads the end of ix_messages_history, whatever the number of messages."""
    return (
        select(MessageRow)
        .where(MessageRow.conversation_id == conversation_id, SHOWN, ~OPTED_OUT)
        .order_by(MessageRow.position.desc(), MessageRow.id.desc())
        .limit(limit)
    )


def active_history(key: ConversationKey, limit: int) -> Select[MessageRow]:
    conversation = select(ConversationRow.id).where(active(key)).scalar_subquery()
    return newest(conversation, limit)


class Messages(Family):
    @writes
    async def receive(self, session: AsyncSession, place: Place, message: Message) -> Turn | None:
        kept = await _keep(session, place, message)
        if kept is None:
            return None
        turn = TurnRow(conversation_id=kept.conversation_id, question_id=kept.id)
        session.add(turn)
        await session.flush()
        stored = replace(message, text=storable(message.text))
        return Turn(turn.id, place.key, place, stored)

    @reads
    async def known(self, session: AsyncSession, place: Place, id: str) -> bool:
        found = await session.scalar(select(MessageRow.id).where(_delivered(place, id)))
        return found is not None

    @writes
    async def overhear(self, session: AsyncSession, place: Place, message: Message) -> bool:
        return await _keep(session, place, message) is not None

    @reads
    async def history(
        self, session: AsyncSession, key: ConversationKey, limit: int
    ) -> list[Message]:
        rows = await session.scalars(active_history(key, limit))
        return [records.message(row) for row in rows][::-1]

    @reads
    async def length(self, session: AsyncSession, key: ConversationKey) -> int:
        conversation = select(ConversationRow.id).where(active(key)).scalar_subquery()
        shown = select(func.count()).where(
            MessageRow.conversation_id == conversation, SHOWN, ~OPTED_OUT
        )
        return await session.scalar(shown) or 0

    @reads
    async def history_before(self, session: AsyncSession, turn: Turn, limit: int) -> list[Message]:
        question = await session.scalar(
            select(MessageRow).join(TurnRow.question).where(TurnRow.id == turn.id)
        )
        if question is None:
            return []
        earlier = newest(question.conversation_id, limit - 1).where(
            MessageRow.position < question.id
        )
        rows = [question, *await session.scalars(earlier)]
        return [records.message(row) for row in rows][::-1]

    @writes
    async def edit(self, session: AsyncSession, place: Place, id: str, text: str) -> Turn | None:
        text = storable(text)
        row = await session.scalar(select(MessageRow).where(_delivered(place, id), ~OPTED_OUT))
        if row is None or row.text == text:
            return None
        row.text, row.edited_at = text, utcnow()
        same = ConversationRow.id == row.conversation_id
        turn = await session.scalar(records.last_turn(same & ACTIVE))
        return records.turn(turn) if turn is not None and turn.question is row else None

    @writes
    async def remove(self, session: AsyncSession, place: Place, ids: Sequence[str]) -> int:
        now = utcnow()
        removed = await session.execute(
            update(MessageRow)
            .where(_delivered(place, *ids), MessageRow.deleted_at.is_(None))
            .values(deleted_at=now)
            .returning(MessageRow.conversation_id, MessageRow.id)
        )
        questions = removed.all()
        for conversation, question in questions:
            asked = (TurnRow.conversation_id == conversation) & (TurnRow.question_id == question)
            await session.execute(
                update(TurnRow)
                .where(asked, UNBEGUN)
                .values(state=TurnState.CANCELLED, ended_at=now, delivered_at=now)
                .execution_options(synchronize_session=False)
            )
        return len(questions)

    @writes
    async def archive(self, session: AsyncSession, key: ConversationKey) -> bool:
        row = await session.scalar(select(ConversationRow).where(active(key)))
        if row is None:
            return False
        row.archived_at = utcnow()
        return True


async def _keep(session: AsyncSession, place: Place, message: Message) -> MessageRow | None:
    """The new row, or None where the network delivered the message before."""
    if message.id and await session.scalar(
        select(MessageRow.id).where(_delivered(place, message.id))
    ):
        return None
    row = MessageRow(
        conversation_id=await _conversation(session, place),
        adapter=place.adapter,
        chat=place.chat,
        platform_id=message.id or None,
        role=message.role,
        author_id=message.author.id if message.author else None,
        author_name=message.author.name if message.author else "",
        text=message.text,
        time=message.time,
    )
    session.add(row)
    await session.flush()
    row.position = row.id
    if message.author:
        await meet(session, message.author)
    return row


async def _conversation(session: AsyncSession, place: Place) -> int:
    row = await session.scalar(select(ConversationRow).where(active(place.key)))
    if row is None:
        row = ConversationRow(adapter=place.adapter, chat=place.chat, thread=place.thread)
        session.add(row)
    row.server, row.private = place.server, place.private
    await session.flush()
    return row.id


def _delivered(place: Place, *ids: str) -> ColumnElement[bool]:
    return (
        (MessageRow.adapter == place.adapter)
        & (MessageRow.chat == place.chat)
        & MessageRow.platform_id.in_(ids)
    )
