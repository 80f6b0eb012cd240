"""What an owner looks over: all changes, all places."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store import SettingChange, records
from bot.store.database import Family, reads
from bot.store.tables import ConversationRow, MessageRow, SettingChangeRow
from bot.types import Place


class Overview(Family):
    @reads
    async def audit(self, session: AsyncSession, limit: int) -> list[SettingChange]:
        newest = select(SettingChangeRow).order_by(SettingChangeRow.id.desc()).limit(limit)
        return [records.setting_change(row) for row in await session.scalars(newest)]

    @reads
    async def places(self, session: AsyncSession, adapter: str, since: datetime) -> list[Place]:
        """Of a chat's threads the one that began last."""
        spoken = exists().where(
            MessageRow.conversation_id == ConversationRow.id, MessageRow.time >= since
        )
        last = (
            select(func.max(ConversationRow.id))
            .where(ConversationRow.adapter == adapter, spoken)
            .group_by(ConversationRow.chat)
        )
        rows = await session.scalars(
            select(ConversationRow).where(ConversationRow.id.in_(last)).order_by(ConversationRow.id)
        )
        return [records.place(row) for row in rows]
