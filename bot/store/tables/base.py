"""What the tables have in common."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Enum, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.store.columns import Id, Moment, Words
from bot.types import TurnState

State = Enum(
    TurnState,
    native_enum=False,
    length=16,
    values_callable=lambda states: [s.value for s in states],
)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
        }
    )
    type_annotation_map: ClassVar = {str: Words(), datetime: Moment(), TurnState: State}


class Spent:
    """The columns of bot.types.Usage."""

    prompt_tokens: Mapped[int] = mapped_column(Id, default=0)
    reused_tokens: Mapped[int] = mapped_column(Id, default=0)
    reasoning_tokens: Mapped[int] = mapped_column(Id, default=0)
    text_tokens: Mapped[int] = mapped_column(Id, default=0)
    queue_seconds: Mapped[float] = mapped_column(default=0.0)
    first_token_seconds: Mapped[float] = mapped_column(default=0.0)
    total_seconds: Mapped[float] = mapped_column(default=0.0)
