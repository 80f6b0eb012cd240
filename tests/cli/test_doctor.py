"""`chinwag doctor`: a line a finding, and an exit code for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli import main

Capture = pytest.CaptureFixture[str]


def test_a_machine_that_is_fine_has_a_line_for_each_thing(alone: Path, capsys: Capture) -> None:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:2] for line in lines] == ["ok"] * len(lines)


def test_what_is_wrong_comes_with_what_to_do_and_exit_code_1(alone: Path, capsys: Capture) -> None:
    (alone / "home").mkdir()
    (alone / "home" / "chinwag.db").write_bytes(b"broken" * 1000)
    assert main(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "!!  database" in shown
    assert "→ see docs/data.md" in shown


def test_programs_get_all_of_it_as_json(capsys: Capture) -> None:
    assert main(["doctor", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)
    assert {"python", "database"} <= {finding["what"] for finding in findings}
    assert all(finding["ok"] for finding in findings)
