"""Between rows and the values that leave the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.orm import joinedload, selectinload

from bot.store import ButtonRecord, Grant, Reply, SettingChange, TurnRecord
from bot.store.tables import (
    Base,
    ButtonRow,
    ConversationRow,
    GrantRow,
    MessageRow,
    PostRow,
    SettingChangeRow,
    Spent,
    TurnRow,
)
from bot.types import FinishReason, Message, Place, PostRef, Role, Speaker, Turn, Usage, UserRef

USAGE = tuple(field.name for field in fields(Usage))


def turns() -> Select[TurnRow]:
    """With what was asked and said, and where."""
    return select(TurnRow).options(
        joinedload(TurnRow.conversation),
        joinedload(TurnRow.question),
        joinedload(TurnRow.reply),
    )


def whole_turns() -> Select[TurnRow]:
    """With all that a TurnRecord needs."""
    return turns().options(selectinload(TurnRow.posts))


def last_turn(conversation: ColumnElement[bool]) -> Select[TurnRow]:
    """The newest turn of a conversation's last question."""
    found = whole_turns().join(TurnRow.conversation).where(conversation)
    return found.order_by(TurnRow.question_id.desc(), TurnRow.id.desc()).limit(1)


def message(row: MessageRow) -> Message:
    author = None
    if row.author_id is not None:
        author = UserRef(row.adapter, row.author_id, row.author_name)
    return Message(cast(Speaker, row.role), row.text, author, row.platform_id or "", row.time)


def place(row: ConversationRow) -> Place:
    return Place(row.adapter, row.chat, row.thread, row.server, row.private)


def turn(row: TurnRow) -> Turn:
    where = place(row.conversation)
    return Turn(row.id, where.key, where, message(row.question), row.state)


def reply(row: TurnRow) -> Reply:
    text = row.reply.text if row.reply is not None else ""
    return Reply(text, row.reasoning, cast(FinishReason | None, row.finish), usage(row))


def post(row: PostRow, where: Place) -> PostRef:
    return PostRef(replace(where, chat=row.chat, thread=row.thread), row.platform_id)


def turn_record(row: TurnRow) -> TurnRecord:
    opened = turn(row)
    posts = tuple(post(each, opened.place) for each in row.posts)
    return TurnRecord(opened, reply(row), posts, row.error)


def usage(row: Spent | Row[*tuple[object, ...]]) -> Usage:
    return Usage(**{name: getattr(row, name) for name in USAGE})


def post_rows(turn_id: int, posts: Sequence[PostRef]) -> list[PostRow]:
    return [
        PostRow(
            turn_id=turn_id, ordinal=n, chat=p.place.chat, thread=p.place.thread, platform_id=p.id
        )
        for n, p in enumerate(posts)
    ]


def person(adapter: str | None, id: str | None, name: str | None) -> UserRef | None:
    return None if adapter is None or id is None else UserRef(adapter, id, name or "")


def button(row: ButtonRow) -> ButtonRecord:
    owner = person(row.owner_adapter, row.owner_id, row.owner_name)
    return ButtonRecord(row.turn_id, row.action, owner, row.data)


def setting_change(row: SettingChangeRow) -> SettingChange:
    by = person(row.by_adapter, row.by_id, row.by_name)
    return SettingChange(
        row.scope, row.name, row.old, row.new, by, row.time, row.step or row.id, row.undoes
    )


def grant(row: GrantRow) -> Grant:
    by = person(row.by_adapter, row.by_id, row.by_name)
    return Grant(row.scope, row.who, Role(row.role), by, row.time)


def plain(row: Base) -> dict[str, Any]:
    """Its columns, as JSON values."""
    values = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in values.items()}
