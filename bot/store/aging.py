"""What is kept no longer than it may be: deleted a bounded part at a time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store import records
from bot.store.database import Family, reads, writes
from bot.store.rights import drop, drop_answers, drop_empty
from bot.store.tables import ConversationRow, MessageRow, TurnRow, UsageRow, UserRow
from bot.store.turns import ENDED
from bot.types import Place, utcnow


class Aging(Family):
    @reads
    async def conversations_with(
        self, session: AsyncSession, older_than: datetime, after: int, limit: int
    ) -> list[tuple[int, Place]]:
        old = exists().where(
            MessageRow.conversation_id == ConversationRow.id, MessageRow.time < older_than
        )
        rows = await session.scalars(
            select(ConversationRow)
            .where(ConversationRow.id > after, old)
            .order_by(ConversationRow.id)
            .limit(limit)
        )
        return [(row.id, records.place(row)) for row in rows]

    @writes
    async def expire(
        self, session: AsyncSession, conversation: int, older_than: datetime, limit: int
    ) -> int:
        """Replies go with their questions, whatever their own age."""
        under_way = exists().where(
            TurnRow.question_id == MessageRow.id, TurnRow.state.not_in(ENDED)
        )
        rows = await session.scalars(
            select(MessageRow.id)
            .where(
                MessageRow.conversation_id == conversation,
                MessageRow.time < older_than,
                MessageRow.position == MessageRow.id,
                ~under_way,
            )
            .order_by(MessageRow.time)
            .limit(limit)
        )
        questions = rows.all()
        await drop_answers(session, questions)
        await drop(session, questions)
        await drop_empty(session, {conversation})
        return len(questions)

    async def scrub(self) -> None:
        await self._database.empty_log()

    @writes
    async def tidy(self, session: AsyncSession) -> None:
        known = exists().where(UserRow.adapter == UsageRow.adapter, UserRow.id == UsageRow.user_id)
        today = utcnow().date().isoformat()
        await session.execute(
            delete(UsageRow)
            .where(UsageRow.user_id != "", UsageRow.day < today, ~known)
            .execution_options(synchronize_session=False)
        )
