"""What is set, who may do what and how much, and who used how much."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.columns import Id
from bot.store.tables.base import Base, Spent
from bot.types import utcnow


class SettingRow(Base):
    __tablename__ = "settings"

    scope: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class SettingChangeRow(Base):
    """The settings' history: rows are only ever added. `step` is the id of the first of those
    that were made at once, None before there were steps; `undoes` is the step that is taken
    back."""

    __tablename__ = "setting_changes"
    __table_args__ = (Index("ix_setting_changes_scope", "scope", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    scope: Mapped[str]
    name: Mapped[str]
    old: Mapped[str | None]
    new: Mapped[str | None]
    by_adapter: Mapped[str | None]
    by_id: Mapped[str | None]
    by_name: Mapped[str | None]
    time: Mapped[datetime] = mapped_column(default=utcnow)
    step: Mapped[int | None] = mapped_column(Id)
    undoes: Mapped[int | None] = mapped_column(Id)


CHANGED = SettingChangeRow.by_id.is_not(None)
Index(
    "ix_setting_changes_by",
    SettingChangeRow.by_adapter,
    SettingChangeRow.by_id,
    sqlite_where=CHANGED,
    postgresql_where=CHANGED,
)


class UserRow(Base):
    """`opted_out_at` is set while nothing that the person says may be kept."""

    __tablename__ = "users"

    adapter: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    first_seen_at: Mapped[datetime] = mapped_column(default=utcnow)
    opted_out_at: Mapped[datetime | None]


class GrantRow(Base):
    """`who` is an entry of an allow list, `scope` a setting's scope or "" for everywhere, `role`
    a bot.types.Role."""

    __tablename__ = "grants"

    scope: Mapped[str] = mapped_column(primary_key=True)
    who: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[int]
    by_adapter: Mapped[str | None]
    by_id: Mapped[str | None]
    by_name: Mapped[str | None]
    time: Mapped[datetime] = mapped_column(default=utcnow)


class PairingRow(Base):
    """A one-time code, of which only the hash is kept."""

    __tablename__ = "pairings"

    code_hash: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime] = mapped_column(index=True)


class BucketRow(Base):
    """A token bucket, as the moment when it will be full again; a full one has no row."""

    __tablename__ = "buckets"

    name: Mapped[str] = mapped_column(primary_key=True)
    full_at: Mapped[datetime] = mapped_column(index=True)


class UsageRow(Spent, Base):
    """What one person used in one chat on one day (ISO date, UTC); user "" is nobody known."""

    __tablename__ = "usage"

    day: Mapped[str] = mapped_column(primary_key=True)
    adapter: Mapped[str] = mapped_column(primary_key=True)
    chat: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    messages: Mapped[int] = mapped_column(default=0)


Index("ix_usage_user", UsageRow.adapter, UsageRow.user_id, UsageRow.day)
