"""What a database driver raises, as errors of ours that say what to do."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.errors import StoreCorrupt, StoreError, StoreUnavailable

_LOCKED = "is locked by another process: stop it, or try again"
_READ_ONLY = "is read-only: let the bot's user write the file and its folder"
_FULL = "can't grow because the disk is full: free some space"

# https://www.sqlite.org/rescode.html: the low byte is the primary code.
_SQLITE = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: "can't be opened: see that its folder exists and can be written",
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: "can't be read or written because the disk failed: check the disk",
}
_SYSTEM = {
    errno.EACCES: _READ_ONLY,
    errno.EPERM: _READ_ONLY,
    errno.EROFS: _READ_ONLY,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
}


@contextmanager
def told(where: str) -> Iterator[None]:
    """Errors of the driver and of files, raised within, become StoreErrors about `where`."""
    try:
        yield
    except DBAPIError as error:
        raise translate(error.orig or error, where) from error
    except PoolTimeout as error:
        raise StoreUnavailable(f"{where} is busy: try again.") from error
    except UnicodeDecodeError as error:  # a damaged name of a table, which SQLite repeats
        raise damaged(where) from error
    except (sqlite3.Error, OSError) as error:
        raise translate(error, where) from error


def translate(error: BaseException, where: str) -> StoreError:
    if is_damage(error):
        return damaged(where)
    advice = _SQLITE.get(_code(error)) or _SYSTEM.get(getattr(error, "errno", None) or 0)
    if advice is not None:
        return StoreUnavailable(f"{where} {advice}.")
    return StoreUnavailable(f"{where} can't be used: {_first_line(error)}.")


def damaged(where: str) -> StoreCorrupt:
    return StoreCorrupt(
        f"{where} is damaged or not a database: "
        "`chinwag db restore` puts a backup in its place and keeps the old file."
    )


def is_damage(error: BaseException) -> bool:
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _code(error: BaseException) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _first_line(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text.strip().splitlines()[0].rstrip(".")
