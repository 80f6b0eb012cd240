"""A chat gets a new id: its conversations, settings and roles follow."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import Family, writes
from bot.store.messages import active
from bot.store.tables import (
    ConversationRow,
    GrantRow,
    MessageRow,
    SettingChangeRow,
    SettingRow,
    TurnRow,
)
from bot.types import ConversationKey


class Moving(Family):
    @writes
    async def move(self, session: AsyncSession, adapter: str, old_chat: str, new_chat: str) -> None:
        await _move_conversations(session, adapter, old_chat, new_chat)
        await _move_settings(session, f"chat:{adapter}:{old_chat}", f"chat:{adapter}:{new_chat}")
        await _move_settings(
            session,
            f"thread:{adapter}:{old_chat}:",
            f"thread:{adapter}:{new_chat}:",
            threads=True,
        )
        await _move_grants(session, adapter, old_chat, new_chat)


async def _move_conversations(session: AsyncSession, adapter: str, old: str, new: str) -> None:
    moving = select(ConversationRow).where(
        ConversationRow.adapter == adapter, ConversationRow.chat == old
    )
    for row in (await session.scalars(moving)).all():
        if row.archived_at is None:
            await _take_over(session, row, ConversationKey(adapter, new, row.thread))
        row.chat = new
    await session.flush()


async def _take_over(session: AsyncSession, row: ConversationRow, key: ConversationKey) -> None:
    """The new chat may have spoken before the network told of the move: one history of both."""
    newer = await session.scalar(select(ConversationRow).where(active(key)))
    if newer is None:
        return
    for table in (MessageRow, TurnRow):
        await session.execute(
            update(table)
            .where(table.conversation_id == newer.id)
            .values(conversation_id=row.id)
            .execution_options(synchronize_session=False)
        )
    await session.delete(newer)
    await session.flush()


async def _move_settings(session: AsyncSession, old: str, new: str, threads: bool = False) -> None:
    """With who changed them. What the new chat has set already, stays."""

    def scoped(table: type[SettingRow | SettingChangeRow]) -> ColumnElement[bool]:
        return table.scope.startswith(old, autoescape=True) if threads else table.scope == old

    changes = select(SettingChangeRow).where(scoped(SettingChangeRow))
    for change in (await session.scalars(changes)).all():
        change.scope = new + change.scope.removeprefix(old)
    for row in (await session.scalars(select(SettingRow).where(scoped(SettingRow)))).all():
        scope = new + row.scope.removeprefix(old)
        if await session.get(SettingRow, (scope, row.name)) is None:
            session.add(SettingRow(scope=scope, name=row.name, value=row.value))
        await session.delete(row)


async def _move_grants(session: AsyncSession, adapter: str, old: str, new: str) -> None:
    """What was decided in the new chat already, stays."""
    scope, who = f"chat:{adapter}:{old}", f"{adapter}:chat:{old}"
    either = (GrantRow.scope == scope) | (GrantRow.who == who)
    for row in (await session.scalars(select(GrantRow).where(either))).all():
        moved = (
            f"chat:{adapter}:{new}" if row.scope == scope else row.scope,
            f"{adapter}:chat:{new}" if row.who == who else row.who,
        )
        if await session.get(GrantRow, moved) is None:
            row.scope, row.who = moved
        else:
            await session.delete(row)
