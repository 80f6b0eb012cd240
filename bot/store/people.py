"""Who used how much."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store import DailyUsage, records
from bot.store.database import Family, reads
from bot.store.tables import TurnRow, UsageRow, UserRow
from bot.types import Usage, UserRef, utcnow


class People(Family):
    @reads
    async def usage(self, session: AsyncSession, days: int) -> list[DailyUsage]:
        since = (utcnow() - timedelta(days=days - 1)).date().isoformat()
        sums = [func.sum(getattr(UsageRow, name)).label(name) for name in records.USAGE]
        rows = await session.execute(
            select(UsageRow.day, func.sum(UsageRow.messages).label("messages"), *sums)
            .where(UsageRow.day >= since)
            .group_by(UsageRow.day)
            .order_by(UsageRow.day)
        )
        return [DailyUsage(row.day, int(row.messages), records.usage(row)) for row in rows]


async def meet(session: AsyncSession, user: UserRef) -> UserRow:
    """The person's row, under the newest name."""
    row = await session.get(UserRow, (user.adapter, user.id))
    if row is None:
        row = UserRow(adapter=user.adapter, id=user.id, name=user.name)
        session.add(row)
    row.name = user.name or row.name
    return row


async def spend(session: AsyncSession, turn: TurnRow, usage: Usage) -> None:
    """Count an answer for who asked."""
    question = turn.question
    key = (utcnow().date().isoformat(), question.adapter, question.chat, question.author_id or "")
    row = await session.get(UsageRow, key, with_for_update=True)
    if row is None:
        day, adapter, chat, user_id = key
        row = UsageRow(day=day, adapter=adapter, chat=chat, user_id=user_id, messages=0)
        session.add(row)
        await session.flush()
    row.messages += 1
    for name in records.USAGE:
        setattr(row, name, getattr(row, name) + getattr(usage, name))
