"""Turns: what is being answered, how far it got, and whether it reached the network."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.store import Reply, TurnRecord, Variants, records
from bot.store.database import Family, reads, writes
from bot.store.messages import active
from bot.store.people import spend
from bot.store.tables import UNDELIVERED, ButtonRow, ConversationRow, MessageRow, PostRow, TurnRow
from bot.types import ConversationKey, PostRef, Turn, TurnState, utcnow

ENDED = tuple(state for state in TurnState if state.ended)
NEAR = 50
"""How many turns back buttons are looked for: each reply takes those of the one before."""


class Turns(Family):
    @writes
    async def checkpoint(
        self, session: AsyncSession, turn: Turn, state: TurnState, reply: Reply
    ) -> None:
        row = await _one(session, turn)
        if row is not None and not row.state.ended:
            row.state = state
            _say(row, reply)

    @writes
    async def finish(
        self, session: AsyncSession, turn: Turn, state: TurnState, reply: Reply, error: str = ""
    ) -> None:
        row = await _one(session, turn)
        if row is None or (row.state.ended and row.state is not TurnState.INTERRUPTED):
            return
        row.state, row.error, row.ended_at = state, error, utcnow()
        _say(row, reply)
        await spend(session, row, reply.usage)
        if reply.text:
            await session.flush()
            await _choose(session, row)

    @writes
    async def reopen(self, session: AsyncSession, turn: Turn) -> Turn:
        old = await _one(session, turn)
        if old is None:
            raise LookupError(f"turn {turn.id} was forgotten")
        new = TurnRow(conversation=old.conversation, question=old.question)
        old.delivered_at = old.delivered_at or utcnow()
        session.add(new)
        await session.flush()
        await session.refresh(old, ["posts"])
        session.add_all(records.post_rows(new.id, records.turn_record(old).posts))
        return records.turn(new)

    @writes
    async def resume(self, session: AsyncSession, turn: Turn) -> TurnRecord | None:
        row = await _one(session, turn)
        if row is None or not row.state.ended:
            return None
        row.state, row.ended_at, row.delivered_at = TurnState.QUEUED, None, None
        await session.flush()
        await session.refresh(row, ["posts"])
        return records.turn_record(row)

    async def turn(self, turn_id: int) -> TurnRecord | None:
        return await self._first(records.whole_turns().where(TurnRow.id == turn_id))

    async def last_turn(self, key: ConversationKey) -> TurnRecord | None:
        return await self._first(records.last_turn(active(key)))

    async def unfinished(self, adapter: str) -> list[TurnRecord]:
        return await self._all(_undelivered(adapter).where(TurnRow.state.not_in(ENDED)))

    async def pending(self, adapter: str) -> list[TurnRecord]:
        return await self._all(_undelivered(adapter).where(TurnRow.state.in_(ENDED)))

    @reads
    async def buttoned_before(self, session: AsyncSession, turn: Turn) -> list[TurnRecord]:
        asked = await session.get(TurnRow, turn.id)
        if asked is None:
            return []
        before = (
            select(TurnRow.id)
            .where(
                TurnRow.conversation_id == asked.conversation_id,
                TurnRow.question_id < asked.question_id,
            )
            .order_by(TurnRow.question_id.desc(), TurnRow.id.desc())
            .limit(NEAR)
        )
        with_buttons = TurnRow.id.in_(select(ButtonRow.turn_id))
        rows = await session.scalars(
            records.whole_turns().where(
                TurnRow.id.in_(before), with_buttons, TurnRow.state.in_(ENDED)
            )
        )
        return [records.turn_record(row) for row in rows]

    @reads
    async def variants(self, session: AsyncSession, turn: Turn) -> Variants:
        rows = (await session.scalars(_variants(turn))).all()
        chosen = [row.reply is not None and row.reply.chosen for row in rows]
        found = tuple(records.turn_record(row) for row in rows)
        return Variants(found, chosen.index(True) if any(chosen) else 0)

    @writes
    async def choose(self, session: AsyncSession, turn: Turn, index: int) -> None:
        rows = (await session.scalars(_variants(turn))).all()
        await _choose(session, rows[index])

    @writes
    async def posted(self, session: AsyncSession, turn: Turn, posts: Sequence[PostRef]) -> None:
        if await session.get(TurnRow, turn.id) is not None:
            await session.execute(delete(PostRow).where(PostRow.turn_id == turn.id))
            session.add_all(records.post_rows(turn.id, posts))

    @writes
    async def delivered(self, session: AsyncSession, turn: Turn) -> None:
        row = await session.get(TurnRow, turn.id)
        if row is not None:
            row.delivered_at = utcnow()

    async def _first(self, turns: Select[TurnRow]) -> TurnRecord | None:
        return next(iter(await self._all(turns)), None)

    @reads
    async def _all(self, session: AsyncSession, turns: Select[TurnRow]) -> list[TurnRecord]:
        return [records.turn_record(row) for row in await session.scalars(turns)]


async def _one(session: AsyncSession, turn: Turn) -> TurnRow | None:
    """Locked until the transaction ends, where a database locks rows."""
    one = records.turns().where(TurnRow.id == turn.id)
    return await session.scalar(one.with_for_update(of=TurnRow))


def _say(row: TurnRow, reply: Reply) -> None:
    """The first words make the reply a message, as yet outside of the history."""
    row.reasoning, row.finish = reply.reasoning, reply.finish
    for name in records.USAGE:
        setattr(row, name, getattr(reply.usage, name))
    if row.reply is not None:
        row.reply.text = reply.text
    elif reply.text:
        row.reply = MessageRow(
            conversation_id=row.conversation_id,
            position=row.question_id,
            chosen=False,
            adapter=row.question.adapter,
            chat=row.question.chat,
            role="assistant",
            text=reply.text,
        )


async def _choose(session: AsyncSession, chosen: TurnRow) -> None:
    replies = select(TurnRow.reply_id).where(
        TurnRow.conversation_id == chosen.conversation_id,
        TurnRow.question_id == chosen.question_id,
    )
    await session.execute(
        update(MessageRow)
        .where(MessageRow.id.in_(replies))
        .values(chosen=MessageRow.id == chosen.reply_id)
        .execution_options(synchronize_session=False)
    )


def _variants(turn: Turn) -> Select[TurnRow]:
    asked = aliased(TurnRow)
    same = (asked.conversation_id == TurnRow.conversation_id) & (
        asked.question_id == TurnRow.question_id
    )
    turns = records.whole_turns().join(asked, same).join(TurnRow.reply)
    ended = turns.where(TurnRow.state.in_(ENDED))
    return ended.where(asked.id == turn.id, MessageRow.text != "").order_by(TurnRow.id)


def _undelivered(adapter: str) -> Select[TurnRow]:
    turns = records.whole_turns().join(TurnRow.conversation)
    return turns.where(UNDELIVERED, ConversationRow.adapter == adapter).order_by(TurnRow.id)
