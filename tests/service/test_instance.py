"""One process for each home."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import AlreadyRunning, ChinwagError
from bot.instance import NAME, only_instance, running

HOLD = """
import sys
from pathlib import Path
from bot.instance import only_instance
with only_instance(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_the_first_ones_number(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        with (
            pytest.raises(AlreadyRunning, match=f"stop process {first.pid}"),
            only_instance(tmp_path),
        ):
            pass
        assert running(tmp_path) == str(first.pid)
        first.kill()
        first.wait()
    assert running(tmp_path) is None
    with only_instance(tmp_path):
        pass


def test_what_a_dead_process_left_means_nothing(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("123456789\n")
    assert running(tmp_path) is None
    with only_instance(tmp_path):
        assert (tmp_path / NAME).read_text() != "123456789\n"


def test_another_home_is_another_matter(tmp_path: Path) -> None:
    with only_instance(tmp_path / "a"), only_instance(tmp_path / "b"):
        pass


def test_the_lock_and_a_new_home_are_for_their_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with only_instance(home):
        assert home.stat().st_mode & 0o077 == 0
        assert (home / NAME).stat().st_mode & 0o077 == 0


def test_nothing_runs_where_there_is_no_home(tmp_path: Path) -> None:
    assert running(tmp_path / "none") is None


def test_a_home_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with (
        pytest.raises(ChinwagError, match="can't be used as home"),
        only_instance(tmp_path / "home"),
    ):
        pass
