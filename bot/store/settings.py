"""Settings as texts by scope and name, and who changed what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store import SettingChange, records
from bot.store.database import Family, reads, writes
from bot.store.tables import SettingChangeRow, SettingRow
from bot.types import UserRef

_KEPT = SettingRow.name.contains("/")


class Settings(Family):
    async def settings(self, scopes: Sequence[str]) -> dict[str, Mapping[str, str]]:
        return await self._named(scopes, ~_KEPT)

    async def kept(self, scopes: Sequence[str], kind: str) -> dict[str, Mapping[str, str]]:
        prefix = f"{kind}/"
        found = await self._named(scopes, SettingRow.name.startswith(prefix, autoescape=True))
        return {
            scope: {name.removeprefix(prefix): value for name, value in values.items()}
            for scope, values in found.items()
        }

    @reads
    async def kept_everywhere(
        self, session: AsyncSession, kind: str
    ) -> dict[str, Mapping[str, str]]:
        prefix, found = f"{kind}/", defaultdict[str, dict[str, str]](dict)
        named = SettingRow.name.startswith(prefix, autoescape=True)
        for row in await session.scalars(select(SettingRow).where(named)):
            found[row.scope][row.name.removeprefix(prefix)] = row.value
        return {**found}

    @reads
    async def _named(
        self, session: AsyncSession, scopes: Sequence[str], named: ColumnElement[bool]
    ) -> dict[str, Mapping[str, str]]:
        found: dict[str, dict[str, str]] = {scope: {} for scope in scopes}
        rows = await session.scalars(select(SettingRow).where(SettingRow.scope.in_(scopes), named))
        for row in rows:
            found[row.scope][row.name] = row.value
        return {**found}

    async def change(
        self, scope: str, name: str, value: str | None, by: UserRef | None
    ) -> SettingChange:
        return (await self.change_all(scope, {name: value}, by))[0]

    @writes
    async def change_all(
        self,
        session: AsyncSession,
        scope: str,
        values: Mapping[str, str | None],
        by: UserRef | None,
        undoes: int | None = None,
    ) -> list[SettingChange]:
        rows: list[SettingChangeRow] = []
        for name, value in values.items():
            old = await _put(session, scope, name, value)
            row = await record_change(session, scope, name, old, value, by)
            rows.append(row)
            row.step, row.undoes = rows[0].id, undoes
        return [records.setting_change(row) for row in rows]

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


async def record_change(
    session: AsyncSession,
    scope: str,
    name: str,
    old: str | None,
    new: str | None,
    by: UserRef | None,
) -> SettingChangeRow:
    """In the history; a step of its own."""
    who = {} if by is None else {"by_adapter": by.adapter, "by_id": by.id, "by_name": by.name}
    row = SettingChangeRow(scope=scope, name=name, old=old, new=new, **who)
    session.add(row)
    await session.flush()
    row.step = row.id
    return row


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
