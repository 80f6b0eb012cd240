"""How much is asked of the bot: token buckets that last over restarts, and what is under way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store import Demand
from bot.store.database import Family, reads, writes
from bot.store.tables import UNDELIVERED, BucketRow, ConversationRow, MessageRow, TurnRow, UsageRow
from bot.store.turns import ENDED
from bot.types import Place, Rate, UserRef, utcnow


class Limits(Family):
    @writes
    async def take(self, session: AsyncSession, rates: Mapping[str, Rate]) -> float:
        """The generic cell rate algorithm (ITU-T I.371): a bucket is one moment."""
        now = utcnow()
        await session.execute(delete(BucketRow).where(BucketRow.full_at <= now))
        rows = {n: await session.get(BucketRow, n, with_for_update=True) for n in sorted(rates)}
        full_at = {n: _full_at(row, rates[n], now) for n, row in rows.items()}
        wait = max((_wait(full_at[n] - now, rate) for n, rate in rates.items()), default=0.0)
        if wait > 0:
            return wait
        for name, row in rows.items():
            moment = full_at[name] + timedelta(seconds=rates[name].seconds)
            if row is None:
                session.add(BucketRow(name=name, full_at=moment))
            else:
                row.full_at = moment
        return 0.0

    @reads
    async def demand(self, session: AsyncSession, of: UserRef | Place) -> Demand:
        tokens = UsageRow.prompt_tokens - UsageRow.reused_tokens
        tokens = tokens + UsageRow.reasoning_tokens + UsageRow.text_tokens
        today = UsageRow.day == utcnow().date().isoformat()
        spent = select(func.sum(tokens)).where(today, _used_by(of))
        turns = (
            select(func.count())
            .select_from(TurnRow)
            .join(TurnRow.question)
            .join(TurnRow.conversation)
            .where(UNDELIVERED, TurnRow.state.not_in(ENDED), _asked_by(of))
        )
        return Demand(int(await session.scalar(spent) or 0), await session.scalar(turns) or 0)


def _full_at(row: BucketRow | None, rate: Rate, now: datetime) -> datetime:
    """No later than if it were empty: the clock may have been put back, or the rate raised."""
    empty = now + timedelta(seconds=rate.burst * rate.seconds)
    return now if row is None else min(row.full_at, empty)


def _wait(until_full: timedelta, rate: Rate) -> float:
    """Seconds until there is one to take."""
    return max(0.0, until_full.total_seconds() - (rate.burst - 1) * rate.seconds)


def _used_by(of: UserRef | Place) -> ColumnElement[bool]:
    own = UsageRow.user_id == of.id if isinstance(of, UserRef) else UsageRow.chat == of.chat
    return (UsageRow.adapter == of.adapter) & own


def _asked_by(of: UserRef | Place) -> ColumnElement[bool]:
    if isinstance(of, UserRef):
        return (MessageRow.adapter == of.adapter) & (MessageRow.author_id == of.id)
    return (ConversationRow.adapter == of.adapter) & (ConversationRow.chat == of.chat)
