"""`chinwag db`: a bot's history upgraded, copied, checked and put back."""

from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing
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
    assert message.endswith(".db is not there.\n")


def test_everything_kept_leaves_as_json_lines(alone: Path, capsys: Capture) -> None:
    assert main(["db", "upgrade"]) == 0
    capsys.readouterr()
    assert main(["db", "export"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["export"] == 1
    assert main(["db", "export", "-o", "all.jsonl"]) == 0
    assert (alone / "all.jsonl").stat().st_mode & 0o777 == 0o600


def test_the_room_of_what_was_deleted_is_given_back(alone: Path, capsys: Capture) -> None:
    assert main(["db", "upgrade"]) == 0
    file = alone / "home" / "chinwag.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE junk AS SELECT randomblob(1000000) AS x")
        connection.execute("DROP TABLE junk")
        connection.commit()
    large = file.stat().st_size
    assert main(["db", "vacuum"]) == 0
    assert file.stat().st_size < large / 2
    assert main(["db", "check"]) == 0


def test_so_many_backups_stay_as_the_config_says(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHINWAG__BACKUPS__KEEP", "2")
    main(["db", "upgrade"])
    for _ in range(4):
        assert main(["db", "backup"]) == 0
    assert len(list((alone / "home" / "backups").glob("*.db"))) == 2
