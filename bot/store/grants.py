"""Who may do what, and the codes that admit somebody once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store import Grant, records
from bot.store.database import Family, reads, writes
from bot.store.settings import record_change
from bot.store.tables import GrantRow, PairingRow
from bot.types import Role, UserRef, utcnow

EVERYWHERE = ""
ACCESS = "access:"
"""Before a scope: changes of who may do what there."""


class Grants(Family):
    @reads
    async def grants(
        self, session: AsyncSession, scopes: Sequence[str], who: Sequence[str] | None = None
    ) -> list[Grant]:
        found = select(GrantRow).where(GrantRow.scope.in_(scopes))
        if who is not None:
            found = found.where(GrantRow.who.in_(who))
        rows = await session.scalars(found.order_by(GrantRow.scope, GrantRow.who))
        return [records.grant(row) for row in rows]

    @writes
    async def grant(
        self,
        session: AsyncSession,
        scope: str,
        who: str,
        role: Role | None,
        by: UserRef | None = None,
    ) -> Role | None:
        return await _give(session, scope, who, role, by)

    @writes
    async def offer(self, session: AsyncSession, code_hash: str, until: datetime) -> None:
        await _drop_expired(session)
        session.add(PairingRow(code_hash=code_hash, until=until))

    @writes
    async def redeem(self, session: AsyncSession, code_hash: str, user: UserRef) -> bool:
        await _drop_expired(session)
        row = await session.get(PairingRow, code_hash, with_for_update=True)
        if row is None:
            return False
        await session.delete(row)
        if await session.get(GrantRow, (EVERYWHERE, str(user))) is None:
            await _give(session, EVERYWHERE, str(user), Role.USER, None)
        return True


async def _give(
    session: AsyncSession, scope: str, who: str, role: Role | None, by: UserRef | None
) -> Role | None:
    row = await session.get(GrantRow, (scope, who), with_for_update=True)
    old = None if row is None else Role(row.role)
    await record_change(session, f"{ACCESS}{scope}", who, _named(old), _named(role), by)
    if role is None:
        if row is not None:
            await session.delete(row)
        return old
    if row is None:
        row = GrantRow(scope=scope, who=who)
        session.add(row)
    row.role, row.time = role, utcnow()
    row.by_adapter, row.by_id, row.by_name = (
        (by.adapter, by.id, by.name) if by else (None, None, None)
    )
    return old


def _named(role: Role | None) -> str | None:
    """As JSON, like every value in the history of changes."""
    return None if role is None else f'"{role.name.lower()}"'


async def _drop_expired(session: AsyncSession) -> None:
    await session.execute(delete(PairingRow).where(PairingRow.until <= utcnow()))
