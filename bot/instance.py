"""One process for each home: whoever comes second is told who was first."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from bot.errors import AlreadyRunning, ChinwagError

NAME = "chinwag.lock"


@contextmanager
def only_instance(home: Path) -> Iterator[None]:
    """While within, this process is the only one of its home. The kernel lets go of the lock with
    the process, however that ends; the file that is left means nothing.

    Raises AlreadyRunning, or ChinwagError where home can't be written.
    """
    with _lock_file(home) as file:
        if not _locked(file):
            raise AlreadyRunning(str(home), file.read().strip())
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def running(home: Path) -> str | None:
    """The id of the process that home has, "" where it can't be told; None without one."""
    try:
        with (home / NAME).open("r", encoding="ascii") as file:
            return None if _locked(file) else file.read().strip()
    except FileNotFoundError:
        return None


@contextmanager
def _lock_file(home: Path) -> Iterator[TextIO]:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(home / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ChinwagError(f"{home} can't be used as home: {error.strerror}.") from None
    with os.fdopen(descriptor, "r+", encoding="ascii") as file:
        yield file


def _locked(file: TextIO) -> bool:
    """Whether the lock is ours now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
