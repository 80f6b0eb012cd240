"""`chinwag db`: a bot's history upgraded, copied, checked and put back."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bot.cli import main

Capture = pytest.CaptureFixture[str]


def test_a_database_is_made_copied_and_put_back(alone: Path, capsys: Capture) -> None:
    home = alone / "home"
    assert main(["db", "upgrade"]) == 0
    assert main(["db", "upgrade"]) == 0
    assert main(["db", "backup"]) == 0
    first, second, copy = capsys.readouterr().out.splitlines()
    assert first.endswith("chinwag.db was upgraded.")
    assert second.endswith("chinwag.db is up to date.")
    (home / "chinwag.db").write_bytes(b"broken" * 1000)
    assert main(["db", "check"]) == 1
    assert main(["db", "restore", copy]) == 0
    assert main(["db", "check"]) == 0
    assert capsys.readouterr().out.endswith("chinwag.db is whole.\n")
    assert list(home.glob("chinwag-replaced-*.db"))


def test_what_is_written_is_for_its_owner_alone(alone: Path) -> None:
    main(["db", "upgrade"])
    main(["db", "backup"])
    written = [alone / "home", *(alone / "home").rglob("*")]
    open_to_others = [p for p in written if p.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]
    assert len(written) >= 4
    assert not open_to_others


@pytest.mark.parametrize("command", [["backup"], ["check"], ["restore", "no-such.db"]])
def test_what_is_not_there_is_named(command: list[str], capsys: Capture) -> None:
    assert main(["db", *command]) == 1
    message = capsys.readouterr().err
    assert len(message.splitlines()) == 1
    assert ".db" in message
