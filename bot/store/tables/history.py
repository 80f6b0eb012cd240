"""What was said and answered, where, and what hangs on it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, and_, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.store.columns import Id
from bot.store.tables.base import Base, Spent
from bot.types import TurnState, utcnow


class ConversationRow(Base):
    """A key has one active conversation; the archived ones stay."""

    __tablename__ = "conversations"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    adapter: Mapped[str]
    chat: Mapped[str]
    thread: Mapped[str]
    server: Mapped[str]
    private: Mapped[bool]
    started_at: Mapped[datetime] = mapped_column(default=utcnow)
    archived_at: Mapped[datetime | None]


ACTIVE = ConversationRow.archived_at.is_(None)
Index(
    "ux_conversations_active",
    ConversationRow.adapter,
    ConversationRow.chat,
    ConversationRow.thread,
    unique=True,
    sqlite_where=ACTIVE,
    postgresql_where=ACTIVE,
)


class MessageRow(Base):
    """What was said, by people and by the bot.

    `position` orders a conversation: a message's own id, and for a reply its question's, so that
    a reply stands behind its question however late it ends. `chosen` is false for a reply in the
    making and for all its variants but one. `chat` is where the network delivered the message; a
    chat that moves begins to number its messages anew, so this stays.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("adapter", "chat", "platform_id", name="ux_messages_platform"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    position: Mapped[int] = mapped_column(Id, default=0)
    chosen: Mapped[bool] = mapped_column(default=True)
    adapter: Mapped[str]
    chat: Mapped[str]
    platform_id: Mapped[str | None]
    role: Mapped[str]
    author_id: Mapped[str | None]
    author_name: Mapped[str] = mapped_column(default="")
    text: Mapped[str]
    time: Mapped[datetime] = mapped_column(default=utcnow)
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


SHOWN = and_(MessageRow.deleted_at.is_(None), MessageRow.chosen.is_(true()))
"""What counts as history; the index holds nothing else, so its end is the newest."""
Index(
    "ix_messages_history",
    MessageRow.conversation_id,
    MessageRow.position,
    MessageRow.id,
    sqlite_where=SHOWN,
    postgresql_where=SHOWN,
)


class TurnRow(Spent, Base):
    """A question being answered. The reasoning is here and not among the messages: nothing that
    reads history can meet it."""

    __tablename__ = "turns"
    __table_args__ = (Index("ix_turns_question", "conversation_id", "question_id", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    question_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    reply_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    state: Mapped[TurnState] = mapped_column(default=TurnState.QUEUED)
    error: Mapped[str] = mapped_column(default="")
    reasoning: Mapped[str] = mapped_column(default="")
    finish: Mapped[str | None]
    started_at: Mapped[datetime] = mapped_column(default=utcnow)
    ended_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]

    conversation: Mapped[ConversationRow] = relationship(lazy="raise_on_sql")
    question: Mapped[MessageRow] = relationship(foreign_keys=question_id, lazy="raise_on_sql")
    reply: Mapped[MessageRow | None] = relationship(foreign_keys=reply_id, lazy="raise_on_sql")
    posts: Mapped[list[PostRow]] = relationship(
        order_by="PostRow.turn_id, PostRow.ordinal",
        viewonly=True,
        lazy="raise_on_sql",
    )


UNDELIVERED = TurnRow.delivered_at.is_(None)
Index("ix_turns_undelivered", TurnRow.id, sqlite_where=UNDELIVERED, postgresql_where=UNDELIVERED)


class PostRow(Base):
    """Which of the network's messages carry a reply, in order."""

    __tablename__ = "posts"

    turn_id: Mapped[int] = mapped_column(
        ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True
    )
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    chat: Mapped[str]
    thread: Mapped[str]
    platform_id: Mapped[str]


class ButtonRow(Base):
    __tablename__ = "buttons"

    id: Mapped[str] = mapped_column(primary_key=True)
    turn_id: Mapped[int] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), index=True)
    action: Mapped[str]
    data: Mapped[str]
    owner_adapter: Mapped[str | None]
    owner_id: Mapped[str | None]
    owner_name: Mapped[str | None]


class OnceRow(Base):
    """What happened and must not happen again before its time; a press, or a notice."""

    __tablename__ = "once"

    what: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime] = mapped_column(index=True)


AUTHORED = MessageRow.author_id.is_not(None)
Index(
    "ix_messages_author",
    MessageRow.adapter,
    MessageRow.author_id,
    MessageRow.id,
    sqlite_where=AUTHORED,
    postgresql_where=AUTHORED,
)
Index("ix_messages_age", MessageRow.conversation_id, MessageRow.time)
Index("ix_turns_question_id", TurnRow.question_id)
Index("ix_turns_reply_id", TurnRow.reply_id)
