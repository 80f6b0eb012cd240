from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.config import Config, load
from bot.errors import ConfigError

Write = Callable[[str], Path]
Faults = Callable[..., list[str]]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes config.yaml into an empty working folder."""
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> Path:
        path = Path("config.yaml")
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.fixture
def faults(write: Write) -> Faults:
    """The lines of the error that a config brings, without the file's name."""

    def faults(text: str, **environ: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(write(text), environ)
        assert caught.value.exit_code == 2
        return str(caught.value).replace("config.yaml:", "").splitlines()

    return faults


def scripted(text: str = "", **environ: str) -> Config:
    """A config that is fine, from the text of a file in the working folder."""
    path = Path("config.yaml")
    path.write_text("engine: {kind: scripted}\n" + text, "utf-8")
    return load(path, environ)
