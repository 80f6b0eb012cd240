"""What buttons stand for, and what must not happen twice."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.store import ButtonRecord, records
from bot.store.database import Family, reads, writes
from bot.store.tables import ButtonRow, OnceRow, TurnRow
from bot.types import Turn, utcnow


class Buttons(Family):
    @writes
    async def add_buttons(
        self, session: AsyncSession, records: Sequence[ButtonRecord]
    ) -> list[str]:
        rows = [_row(record) for record in records]
        session.add_all(rows)
        return [row.id for row in rows]

    @reads
    async def button(self, session: AsyncSession, id: str) -> ButtonRecord | None:
        row = await session.get(ButtonRow, id)
        return None if row is None else records.button(row)

    @writes
    async def drop_buttons(self, session: AsyncSession, turn: Turn) -> None:
        await _drop(session, turn.id)

    @writes
    async def use_up(self, session: AsyncSession, id: str) -> bool:
        row = await session.get(ButtonRow, id, with_for_update=True)
        if row is None:
            return False
        await _drop(session, row.turn_id)
        return True

    @writes
    async def once(self, session: AsyncSession, what: str, every: timedelta) -> bool:
        now = utcnow()
        await session.execute(delete(OnceRow).where(OnceRow.until <= now))
        if await session.get(OnceRow, what) is not None:
            return False
        session.add(OnceRow(what=what, until=now + every))
        return True


async def _drop(session: AsyncSession, turn_id: int) -> None:
    """Of all turns of its question."""
    asked = aliased(TurnRow)
    same = (asked.conversation_id == TurnRow.conversation_id) & (
        asked.question_id == TurnRow.question_id
    )
    siblings = select(TurnRow.id).join(asked, same).where(asked.id == turn_id)
    await session.execute(
        delete(ButtonRow)
        .where(ButtonRow.turn_id.in_(siblings))
        .execution_options(synchronize_session=False)
    )


def _row(record: ButtonRecord) -> ButtonRow:
    owner = record.owner
    return ButtonRow(
        id=secrets.token_urlsafe(12),
        turn_id=record.turn_id,
        action=record.action,
        data=record.data,
        owner_adapter=owner and owner.adapter,
        owner_id=owner and owner.id,
        owner_name=owner and owner.name,
    )
