"""All that is kept, as JSON lines that any program can read.

The first line names the format and the revision; each other line is one row, with its table's
name. A row comes after those that it refers to. docs/data.md describes the fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Table, select

from bot.errors import StoreUnavailable
from bot.store import revisions
from bot.store.engines import blocking_engine
from bot.store.failures import told
from bot.store.location import Location
from bot.store.tables import Base, BucketRow, ButtonRow, OnceRow, PairingRow
from bot.types import utcnow

FORMAT = 1
LEFT_OUT = {row.__tablename__ for row in (ButtonRow, OnceRow, BucketRow, PairingRow)}
"""What only a running bot has a use for."""


def export(location: Location, patience: float) -> Iterator[str]:
    """Blocking; one reading transaction, so that a bot may go on writing meanwhile.

    Raises StoreUnavailable, StoreNewer or StoreCorrupt.
    """
    if location.file is not None and not location.file.exists():
        raise StoreUnavailable(f"{location} is not there: see `store.url` and `home`.")
    engine = blocking_engine(location.url, patience).execution_options(chinwag_writes=False)
    try:
        with told(str(location)), engine.connect() as connection:
            yield _line(export=FORMAT, revision=_revision(connection, location), time=utcnow())
            for table in Base.metadata.sorted_tables:
                if table.name not in LEFT_OUT:
                    yield from _rows(connection, table)
    finally:
        engine.dispose()


def _revision(connection: Connection, location: Location) -> str:
    found = revisions.found(connection)
    if found != (newest := revisions.known()[0]):
        raise StoreUnavailable(
            f"{location} is at revision {found}, not {newest}: run `chinwag db upgrade` first."
        )
    return newest


def _rows(connection: Connection, table: Table) -> Iterator[str]:
    in_order = select(table).order_by(*table.primary_key)
    streaming = connection.execution_options(yield_per=500)
    for row in streaming.execute(in_order).mappings():
        yield _line(table=table.name, **row)


def _line(**fields: Any) -> str:
    return json.dumps(fields, ensure_ascii=False, default=_plain)


def _plain(value: datetime | Enum) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value.value
