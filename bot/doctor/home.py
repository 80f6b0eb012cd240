"""The folder that everything is kept in: whether it can be written, by whom, and how much fits."""

from __future__ import annotations

import shutil
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bot.instance import running
from bot.types import Finding

LEAST = 2**30
"""Bytes: a database grows slowly, but SQLite, logs and backups must never meet a full disk."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check(home: Path) -> Sequence[Finding]:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    return [_writable(home, there), _private(home), _room(there), _instance(home)]


def _instance(home: Path) -> Finding:
    if not home.is_dir() or (pid := running(home)) is None:
        return Finding("instance", "no bot runs in this home")
    return Finding("instance", f"a bot runs in this home, process {pid or 'unknown'}")


def _writable(home: Path, there: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=there):
            return Finding("home", f"{home} can be written")
    except OSError as error:
        advice = f"let this user write {there}, or set `home` to a folder of theirs"
        return Finding("home", f"{home}: {error.strerror}", advice, ok=False)


def _private(home: Path) -> Finding:
    """A closed folder keeps others from everything in it."""
    exposed = [path for path in (home, *home.glob("*")) if _is_exposed(path)]
    if exposed and exposed[0] == home:
        named = ", ".join(str(path) for path in exposed[:3])
        advice = f"others on this machine can read what people say: chmod -R go= {home}"
        return Finding("file modes", f"open to others: {named}", advice, ok=False)
    return Finding("file modes", "for this user alone")


def _is_exposed(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & OTHERS)


def _room(there: Path) -> Finding:
    free = shutil.disk_usage(there).free
    found = f"{free / 2**30:.1f} GiB free at {there}"
    if free < LEAST:
        advice = "free some space: 1 GiB at least, and room for the model if it is to be fetched"
        return Finding("disk", found, advice, ok=False)
    return Finding("disk", found)
