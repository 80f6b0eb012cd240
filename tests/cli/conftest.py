from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import structlog


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working folder and home; logging and umask as they were, afterwards."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("CHINWAG")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CHINWAG__HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CHINWAG__ENGINE__KIND", "scripted")
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    mask = os.umask(0o022)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield tmp_path
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
            with suppress(OSError):
                handler.close()
    root.handlers, root.level = handlers, level
    logging.captureWarnings(False)
    logging.raiseExceptions = True
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    os.umask(mask)
