from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.engine.local import demo
from bot.engine.local.progress import silent
from tests.engine import tiny

TinyModel = Callable[[str], Path]


@pytest.fixture(scope="session")
def model_cache() -> Path:
    """Kept between runs, since converting the demo model takes a quarter of a minute."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "chinwag-tests"


@pytest.fixture(scope="session")
def demo_folder(model_cache: Path) -> Path:
    """The demo model, converted: a folder for ``from_pretrained``."""
    folder = demo.prepare(model_cache, silent)
    assert folder is not None, f"the tests need the demo model: {demo.INSTALL}"
    return folder


@pytest.fixture(scope="session")
def tiny_model(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    """``tiny_model("qwen3")`` is the folder of a small random model; see tiny.FAMILIES."""
    built: dict[str, Path] = {}

    def folder(family: str) -> Path:
        if family not in built:
            built[family] = tmp_path_factory.mktemp(family)
            tiny.save(family, demo_folder, built[family])
        return built[family]

    return folder


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test asks the hub for anything, unless it points HF_ENDPOINT at a server of its own."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
