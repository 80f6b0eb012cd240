"""Conversations, messages, turns and what hangs on them; settings, people, usage."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATES = ("queued", "thinking", "answering", "done", "cancelled", "failed", "interrupted")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def number(name: str, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, NUMBER, nullable=null)


def words(name: str, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=null)


def moment(name: str, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def refers(table: str, column: str, to: str, gone: str | None = None) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete=gone)


def spent() -> list[sa.Column[Any]]:
    tokens = ("prompt_tokens", "reused_tokens", "reasoning_tokens", "text_tokens")
    seconds = ("queue_seconds", "first_token_seconds", "total_seconds")
    return [
        *(number(name) for name in tokens),
        *(sa.Column(name, sa.Double(), nullable=False) for name in seconds),
    ]


def upgrade() -> None:
    conversations()
    messages()
    turns()
    what_hangs_on_turns()
    settings()
    people()


def conversations() -> None:
    op.create_table(
        "conversations",
        number("id"),
        words("adapter"),
        words("chat"),
        words("thread"),
        words("server"),
        sa.Column("private", sa.Boolean(), nullable=False),
        moment("started_at"),
        moment("archived_at", null=True),
        key("conversations", "id"),
    )
    op.create_index(
        "ux_conversations_active",
        "conversations",
        ["adapter", "chat", "thread"],
        unique=True,
        sqlite_where=sa.text("archived_at IS NULL"),
        postgresql_where=sa.text("archived_at IS NULL"),
    )


def messages() -> None:
    op.create_table(
        "messages",
        number("id"),
        number("conversation_id"),
        number("position"),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        words("adapter"),
        words("chat"),
        words("platform_id", null=True),
        words("role"),
        words("author_id", null=True),
        words("author_name"),
        words("text"),
        moment("time"),
        moment("edited_at", null=True),
        moment("deleted_at", null=True),
        key("messages", "id"),
        sa.UniqueConstraint("adapter", "chat", "platform_id", name="ux_messages_platform"),
        refers("messages", "conversation_id", "conversations"),
    )
    op.create_index(
        "ix_messages_history",
        "messages",
        ["conversation_id", "position", "id"],
        sqlite_where=sa.text("deleted_at IS NULL AND chosen IS 1"),
        postgresql_where=sa.text("deleted_at IS NULL AND chosen IS true"),
    )


def turns() -> None:
    op.create_table(
        "turns",
        number("id"),
        number("conversation_id"),
        number("question_id"),
        number("reply_id", null=True),
        sa.Column("state", sa.Enum(*STATES, native_enum=False, length=16), nullable=False),
        words("error"),
        words("reasoning"),
        words("finish", null=True),
        moment("started_at"),
        moment("ended_at", null=True),
        moment("delivered_at", null=True),
        *spent(),
        key("turns", "id"),
        refers("turns", "conversation_id", "conversations"),
        refers("turns", "question_id", "messages"),
        refers("turns", "reply_id", "messages"),
    )
    op.create_index("ix_turns_question", "turns", ["conversation_id", "question_id", "id"])
    op.create_index(
        "ix_turns_undelivered",
        "turns",
        ["id"],
        sqlite_where=sa.text("delivered_at IS NULL"),
        postgresql_where=sa.text("delivered_at IS NULL"),
    )


def what_hangs_on_turns() -> None:
    op.create_table(
        "posts",
        number("turn_id"),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        words("chat"),
        words("thread"),
        words("platform_id"),
        key("posts", "turn_id", "ordinal"),
        refers("posts", "turn_id", "turns", gone="CASCADE"),
    )
    op.create_table(
        "buttons",
        words("id"),
        number("turn_id"),
        words("action"),
        words("data"),
        words("owner_adapter", null=True),
        words("owner_id", null=True),
        words("owner_name", null=True),
        key("buttons", "id"),
        refers("buttons", "turn_id", "turns", gone="CASCADE"),
    )
    op.create_index("ix_buttons_turn_id", "buttons", ["turn_id"])
    op.create_table("once", words("what"), moment("until"), key("once", "what"))
    op.create_index("ix_once_until", "once", ["until"])


def settings() -> None:
    op.create_table(
        "settings",
        words("scope"),
        words("name"),
        words("value"),
        key("settings", "scope", "name"),
    )
    op.create_table(
        "setting_changes",
        number("id"),
        words("scope"),
        words("name"),
        words("old", null=True),
        words("new", null=True),
        words("by_adapter", null=True),
        words("by_id", null=True),
        words("by_name", null=True),
        moment("time"),
        key("setting_changes", "id"),
    )
    op.create_index("ix_setting_changes_scope", "setting_changes", ["scope", "id"])


def people() -> None:
    op.create_table(
        "users",
        words("adapter"),
        words("id"),
        words("name"),
        sa.Column("role", sa.Integer(), nullable=True),
        moment("first_seen_at"),
        key("users", "adapter", "id"),
    )
    op.create_table(
        "usage",
        words("day"),
        words("adapter"),
        words("chat"),
        words("user_id"),
        sa.Column("messages", sa.Integer(), nullable=False),
        *spent(),
        key("usage", "day", "adapter", "chat", "user_id"),
    )
