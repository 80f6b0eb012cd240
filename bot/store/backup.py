"""Copies of a SQLite database: consistent while it is in use, checksummed, verified, rotated.

Everything here blocks. A copy is one file, with its checksum beside it as sha256sum writes it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import NullPool, create_engine

from bot.errors import StoreCorrupt, StoreUnavailable
from bot.store import revisions
from bot.store.failures import damaged, is_damage, told
from bot.store.location import Location

STAMP = "%Y%m%dT%H%M%S%fZ"
_STAMPED = re.compile(r"\d{8}T\d{12}Z")


def backup(location: Location, keep: int = 7) -> Path:
    """A verified copy in the backups folder, of which the newest `keep` stay.

    Raises StoreUnavailable, or StoreCorrupt where the database itself is damaged.
    """
    source = _file(location)
    target = location.backups / f"{source.stem}-{_now()}.db"
    with told(f"The backup of {source}"):
        location.backups.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _replacing(target) as part:
            _copy(source, part)
            _check_content(part)
            _checksum_of(target).write_text(f"{_sha256(part)}  {target.name}\n")
        for old in backups(location)[:-keep]:
            _checksum_of(old).unlink(missing_ok=True)
            old.unlink()
    return target


def backups(location: Location) -> list[Path]:
    """Oldest first."""
    return sorted(
        copy
        for copy in location.backups.glob(f"{_file(location).stem}-*Z.db")
        if _STAMPED.fullmatch(copy.stem.rpartition("-")[2])
    )


def taken_at(copy: Path) -> datetime:
    """Told by the name, which a copy elsewhere and back does not change."""
    stamp = copy.stem.rpartition("-")[2]
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)


def check(location: Location) -> None:
    """Reads all of the database. Raises StoreCorrupt, StoreNewer or StoreUnavailable."""
    check_file(_file(location))


def check_file(file: Path) -> None:
    """As `check`, and against the checksum beside the file, where there is one."""
    with told(f"The database {file}"):
        checksum = _checksum_of(file)
        if checksum.exists() and not checksum.read_bytes().startswith(_sha256(file).encode()):
            raise StoreCorrupt(f"{file} changed since it was written: take another backup.")
        _check_content(file)


def restore(location: Location, copy: Path) -> Path | None:
    """Put a copy, once verified, in the database's place; returns where the old file is kept.

    Raises StoreUnavailable while anything has the database open, StoreCorrupt or StoreNewer for
    a copy that is no good; nothing was changed then.
    """
    target = _file(location)
    check_file(copy)
    with told(f"The database {target}"):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _replacing(target) as part:
            _copy(copy, part)
            return _set_aside(target) if target.exists() else None


def _copy(source: Path, target: Path) -> None:
    with closing(_reading(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        new.execute("PRAGMA journal_mode = DELETE")  # one file holds it all


def _check_content(file: Path) -> None:
    engine = create_engine("sqlite://", creator=lambda: _reading(file), poolclass=NullPool)
    with engine.connect() as connection:
        problem = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
        if problem != "ok" or connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise damaged(f"The database {file}")
        if revisions.found(connection) is None:
            raise StoreCorrupt(f"{file} is not a database of chinwag.")


def _set_aside(file: Path) -> Path:
    """Keep a copy of what is about to be replaced, with the log of a file too damaged to fold."""
    kept = file.with_name(f"{file.stem}-replaced-{_now()}.db")
    try:
        with closing(sqlite3.connect(file)) as connection:
            # Folds the log into the file; fails while anyone else has the database open.
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
    shutil.copy2(file, kept)
    for suffix in ("-wal", "-shm"):
        side = file.with_name(file.name + suffix)
        if side.exists():
            side.replace(kept.with_name(kept.name + suffix))
    return kept


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A private file that takes the target's place at the end, whole or not at all."""
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        yield part
        os.fsync(descriptor)
        part.replace(target)
    finally:
        os.close(descriptor)
        part.unlink(missing_ok=True)


def _reading(file: Path) -> sqlite3.Connection:
    if not file.exists():
        raise StoreUnavailable(f"{file} is not there.")
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)


def _checksum_of(file: Path) -> Path:
    return file.with_name(file.name + ".sha256")


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _now() -> str:
    return datetime.now(UTC).strftime(STAMP)


def _file(location: Location) -> Path:
    if location.file is None:
        raise StoreUnavailable(
            f"{location} is copied and restored by its own tools: pg_dump and pg_restore."
        )
    return location.file
