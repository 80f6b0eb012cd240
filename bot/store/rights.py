"""What is kept of one person: told, forgotten, or not kept at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, joinedload

from bot.store import Said, records
from bot.store.database import Family, reads, writes
from bot.store.people import meet
from bot.store.tables import (
    ConversationRow,
    GrantRow,
    MessageRow,
    SettingChangeRow,
    SettingRow,
    TurnRow,
    UsageRow,
    UserRow,
)
from bot.types import UserRef, utcnow

REMOVED = "(removed)"
"""What stands in place of a message that was forgotten."""


class Rights(Family):
    @writes
    async def opt_out(self, session: AsyncSession, user: UserRef, out: bool) -> bool:
        row = await meet(session, user)
        if (row.opted_out_at is not None) is out:
            return False
        row.opted_out_at = utcnow() if out else None
        row.name = "" if out else row.name
        return True

    @reads
    async def opted_out(self, session: AsyncSession, user: UserRef) -> bool:
        row = await session.get(UserRow, (user.adapter, user.id))
        return row is not None and row.opted_out_at is not None

    @reads
    async def said_by(
        self, session: AsyncSession, user: UserRef, after: int, limit: int
    ) -> list[Said]:
        rows = await session.execute(
            select(MessageRow, ConversationRow)
            .join(ConversationRow, ConversationRow.id == MessageRow.conversation_id)
            .where(
                MessageRow.adapter == user.adapter,
                MessageRow.author_id == user.id,
                MessageRow.id > after,
            )
            .order_by(MessageRow.id)
            .limit(limit)
        )
        found = [(message, conversation) for message, conversation in rows]
        turns = await _answers(session, [message.id for message, _ in found])
        return [
            Said(
                message.id,
                records.place(conversation),
                records.message(message),
                tuple(records.reply(turn) for turn in turns if turn.question_id == message.id),
            )
            for message, conversation in found
        ]

    @reads
    async def about(self, session: AsyncSession, user: UserRef) -> Mapping[str, Any]:
        person = await session.get(UserRow, (user.adapter, user.id))
        usage = select(UsageRow).where(
            UsageRow.adapter == user.adapter, UsageRow.user_id == user.id
        )
        settings = select(SettingRow).where(SettingRow.scope == f"user:{user}")
        changes = select(SettingChangeRow).where(
            SettingChangeRow.by_adapter == user.adapter, SettingChangeRow.by_id == user.id
        )
        grants = select(GrantRow).where(GrantRow.who == str(user))
        return {
            "person": None if person is None else records.plain(person),
            "usage": [records.plain(row) for row in await session.scalars(usage)],
            "settings": [records.plain(row) for row in await session.scalars(settings)],
            "changes": [records.plain(row) for row in await session.scalars(changes)],
            "roles": [records.plain(row) for row in await session.scalars(grants)],
        }

    @writes
    async def forget(self, session: AsyncSession, user: UserRef, limit: int) -> int:
        rows = await session.execute(
            select(MessageRow.id, MessageRow.conversation_id, ConversationRow.private)
            .join(ConversationRow, ConversationRow.id == MessageRow.conversation_id)
            .where(MessageRow.adapter == user.adapter, MessageRow.author_id == user.id)
            .order_by(MessageRow.id)
            .limit(limit)
        )
        found = rows.all()
        await drop_answers(session, [row.id for row in found])
        await drop(session, [row.id for row in found if row.private])
        await _redact(session, [row.id for row in found if not row.private])
        await _drop_alone(session, {row.conversation_id for row in found if row.private})
        return len(found)

    @writes
    async def forget_person(
        self, session: AsyncSession, user: UserRef, *, keep_today: bool
    ) -> None:
        usage = delete(UsageRow).where(
            UsageRow.adapter == user.adapter, UsageRow.user_id == user.id
        )
        if keep_today:
            usage = usage.where(UsageRow.day < utcnow().date().isoformat())
        await session.execute(usage)
        for table in (SettingRow, SettingChangeRow):
            await session.execute(delete(table).where(table.scope == f"user:{user}"))
        for signed in (SettingChangeRow, GrantRow):
            await session.execute(
                update(signed)
                .where(signed.by_adapter == user.adapter, signed.by_id == user.id)
                .values(by_adapter=None, by_id=None, by_name=None)
                .execution_options(synchronize_session=False)
            )
        row = await session.get(UserRow, (user.adapter, user.id))
        if row is not None and row.opted_out_at is None:
            await session.delete(row)
        elif row is not None:
            row.name = ""


async def _answers(session: AsyncSession, questions: Sequence[int]) -> Sequence[TurnRow]:
    """Those of which something was said or thought."""
    something = TurnRow.reply_id.is_not(None) | (TurnRow.reasoning != "")
    asked = select(TurnRow).where(TurnRow.question_id.in_(questions), something)
    asked = asked.order_by(TurnRow.id)
    return (await session.scalars(asked.options(joinedload(TurnRow.reply)))).all()


async def drop_answers(session: AsyncSession, questions: Sequence[int]) -> None:
    """The turns of these messages, what hangs on them, and all that was replied."""
    if not questions:
        return
    rows = await session.execute(
        delete(TurnRow).where(TurnRow.question_id.in_(questions)).returning(TurnRow.reply_id)
    )
    await drop(session, [reply for (reply,) in rows if reply is not None])


async def drop(session: AsyncSession, messages: Sequence[int]) -> None:
    if not messages:
        return
    await session.execute(delete(MessageRow).where(MessageRow.id.in_(messages)))


async def drop_empty(session: AsyncSession, conversations: set[int]) -> None:
    """The next message makes another."""
    holds = exists().where(MessageRow.conversation_id == ConversationRow.id)
    await session.execute(
        delete(ConversationRow).where(ConversationRow.id.in_(conversations), ~holds)
    )


async def _drop_alone(session: AsyncSession, conversations: set[int]) -> None:
    """What is left where nobody's message is: summaries, say."""
    theirs = aliased(MessageRow)
    somebody = exists().where(
        theirs.conversation_id == MessageRow.conversation_id, theirs.author_id.is_not(None)
    )
    rows = await session.scalars(
        select(MessageRow.id).where(MessageRow.conversation_id.in_(conversations), ~somebody)
    )
    rest = rows.all()
    await drop_answers(session, rest)
    await drop(session, rest)
    await drop_empty(session, conversations)


async def _redact(session: AsyncSession, messages: Sequence[int]) -> None:
    await session.execute(
        update(MessageRow)
        .where(MessageRow.id.in_(messages))
        .values(text=REMOVED, author_id=None, author_name="", platform_id=None, edited_at=None)
        .execution_options(synchronize_session=False)
    )
