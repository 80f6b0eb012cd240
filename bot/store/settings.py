"""Settings as texts by scope and name, and who changed what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store import SettingChange, records
from bot.store.database import Family, reads, writes
from bot.store.tables import SettingChangeRow, SettingRow
from bot.types import UserRef


class Settings(Family):
    @reads
    async def settings(
        self, session: AsyncSession, scopes: Sequence[str]
    ) -> dict[str, Mapping[str, str]]:
        found: dict[str, dict[str, str]] = {scope: {} for scope in scopes}
        rows = await session.scalars(select(SettingRow).where(SettingRow.scope.in_(scopes)))
        for row in rows:
            found[row.scope][row.name] = row.value
        return {**found}

    @writes
    async def change(
        self, session: AsyncSession, scope: str, name: str, value: str | None, by: UserRef | None
    ) -> SettingChange:
        old = await _put(session, scope, name, value)
        row = SettingChangeRow(scope=scope, name=name, old=old, new=value)
        if by is not None:
            row.by_adapter, row.by_id, row.by_name = by.adapter, by.id, by.name
        session.add(row)
        await session.flush()
        return records.setting_change(row)

    @reads
    async def changes(self, session: AsyncSession, scope: str, limit: int) -> list[SettingChange]:
        rows = await session.scalars(
            select(SettingChangeRow)
            .where(SettingChangeRow.scope == scope)
            .order_by(SettingChangeRow.id.desc())
            .limit(limit)
        )
        return [records.setting_change(row) for row in rows]

    @writes
    async def remember(
        self, session: AsyncSession, scope: str, values: Mapping[str, str | None]
    ) -> None:
        for name, value in values.items():
            await _put(session, scope, name, value)


async def _put(session: AsyncSession, scope: str, name: str, value: str | None) -> str | None:
    """Returns the old value."""
    row = await session.get(SettingRow, (scope, name), with_for_update=True)
    old = None if row is None else row.value
    if value is None:
        if row is not None:
            await session.delete(row)
    elif row is None:
        session.add(SettingRow(scope=scope, name=name, value=value))
    else:
        row.value = value
    return old
