"""Files that come with a reply are saved where the user is."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path

from bot.errors import Refused
from bot.types import File


def save(file: File, folder: Path) -> Path:
    """Write `file` into `folder` and return its path; what is there already stays as it is.

    Only the last part of the file's name counts. Raises Refused.
    """
    name = Path(Path(file.name).name or "file")
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
        for copy in itertools.count():
            path = folder / (f"{name.stem}-{copy}{name.suffix}" if copy else name.name)
            with contextlib.suppress(FileExistsError), path.open("xb") as out:
                out.write(file.data)
                return path
    except OSError as error:
        raise Refused(f"{name} can't be written to {folder}: {error.strerror}.") from error
    raise AssertionError("itertools.count() does not end")


def size(count: int) -> str:
    """`count` bytes for a person: 12 kB."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count //= 1000
    return f"{count} GB"
