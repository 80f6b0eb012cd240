"""Where a database is: the config's URL, resolved."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Location:
    """`file` is None for a database server. `backups` is where copies of the file go."""

    url: URL
    file: Path | None
    backups: Path

    def __str__(self) -> str:
        return f"The database {self.file or self.url.render_as_string(hide_password=True)}"


def locate(url: str, home: Path) -> Location:
    """Of ``sqlite:///FILE``, relative to home, or ``postgresql://…``. Raises ConfigError."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError("expected sqlite:///FILE or postgresql://…", key="store.url") from None
    match parsed.get_backend_name():
        case "sqlite" if parsed.database and parsed.database != ":memory:":
            file = home / Path(parsed.database).expanduser()
            url_ = URL.create("sqlite", database=str(file))
            return Location(url_, file, home / "backups")
        case "postgresql":
            if find_spec("psycopg") is None:
                raise ConfigError(
                    "needs a driver: pip install 'chinwag[postgres]'", key="store.url"
                )
            return Location(parsed.set(drivername="postgresql+psycopg"), None, home / "backups")
    raise ConfigError("expected sqlite:///FILE or postgresql://…", key="store.url")


def make_private(location: Location) -> None:
    """The folder (0700) and the file (0600), where they don't exist; SQLite's side files take
    after the file. Modes that somebody chose stay. Raises PermissionError where they forbid
    writing, of which SQLite would make a reading transaction in silence.

    An existing file is not opened: closing it would take away the locks that this process has on
    it (https://www.sqlite.org/howtocorrupt.html, 2.2). Neither is a new one.
    """
    if location.file is None:
        return
    location.backups.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    location.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.mknod(location.file, stat.S_IFREG | 0o600)
    if not os.access(location.file, os.R_OK | os.W_OK, effective_ids=True):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(location.file))
