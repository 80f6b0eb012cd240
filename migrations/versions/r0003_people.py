"""Roles by place, one-time codes, token buckets, opting out, and finding what is somebody's."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def words(name: str, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=null)


def moment(name: str, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def upgrade() -> None:
    grants()
    pairings_and_buckets()
    indexes()


def grants() -> None:
    """What was granted so far holds everywhere."""
    op.create_table(
        "grants",
        words("scope"),
        words("who"),
        sa.Column("role", sa.Integer(), nullable=False),
        words("by_adapter", null=True),
        words("by_id", null=True),
        words("by_name", null=True),
        moment("time"),
        sa.PrimaryKeyConstraint("scope", "who", name="pk_grants"),
    )
    op.execute(
        "INSERT INTO grants (scope, who, role, time) "
        "SELECT '', adapter || ':' || id, role, first_seen_at FROM users WHERE role IS NOT NULL"
    )
    with op.batch_alter_table("users", recreate="always") as users:
        users.drop_column("role")
        users.add_column(moment("opted_out_at", null=True))


def pairings_and_buckets() -> None:
    op.create_table(
        "pairings",
        words("code_hash"),
        moment("until"),
        sa.PrimaryKeyConstraint("code_hash", name="pk_pairings"),
    )
    op.create_index("ix_pairings_until", "pairings", ["until"])
    op.create_table(
        "buckets",
        words("name"),
        moment("full_at"),
        sa.PrimaryKeyConstraint("name", name="pk_buckets"),
    )
    op.create_index("ix_buckets_full_at", "buckets", ["full_at"])


def indexes() -> None:
    op.create_index(
        "ix_messages_author",
        "messages",
        ["adapter", "author_id", "id"],
        sqlite_where=sa.text("author_id IS NOT NULL"),
        postgresql_where=sa.text("author_id IS NOT NULL"),
    )
    op.create_index("ix_messages_age", "messages", ["conversation_id", "time"])
    op.create_index("ix_turns_question_id", "turns", ["question_id"])
    op.create_index("ix_turns_reply_id", "turns", ["reply_id"])
    op.create_index("ix_usage_user", "usage", ["adapter", "user_id", "day"])
    op.create_index(
        "ix_setting_changes_by",
        "setting_changes",
        ["by_adapter", "by_id"],
        sqlite_where=sa.text("by_id IS NOT NULL"),
        postgresql_where=sa.text("by_id IS NOT NULL"),
    )
