"""A new plugin is whole from its first minute."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["weather", "two-words"])
def test_its_own_tests_pass(name: str, tmp_path: Path) -> None:
    assert main(["plugin", "new", name, "--folder", str(tmp_path)]) == 0
    folder = tmp_path / f"chinwag-{name}"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    done = subprocess.run(
        command, cwd=folder, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


@pytest.mark.slow
def test_it_is_as_tidy_and_typed_as_the_bot_itself(tmp_path: Path) -> None:
    assert main(["plugin", "new", "tidy", "--folder", str(tmp_path)]) == 0
    (module,) = (tmp_path / "chinwag-tidy").glob("*.py")
    for command in (["ruff", "check", "--isolated"], ["mypy", "--strict", "--cache-dir=/dev/null"]):
        done = subprocess.run(
            [sys.executable, "-m", *command, str(module)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_what_is_there_is_not_written_over(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "chinwag-mine").mkdir()
    assert main(["plugin", "new", "mine", "--folder", str(tmp_path)]) == 1
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../x", "Über", "a_b", "-a", ""])
def test_a_name_is_a_word(name: str, tmp_path: Path, capsys: Capture) -> None:
    assert main(["plugin", "new", "--folder", str(tmp_path), "--", name]) == 1
    assert "can't name a plugin" in capsys.readouterr().err


def test_the_installed_ones_are_listed(capsys: Capture) -> None:
    assert main(["plugin", "list"]) == 0
    assert "plugins: reminders" in capsys.readouterr().out
