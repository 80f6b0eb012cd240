"""The doctor looks at everything, harms nothing, and says what to do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot import plugins
from bot.config import Config
from bot.doctor import examine, home, machine, people
from bot.errors import ModelUnavailable
from bot.instance import only_instance
from bot.store.location import locate
from bot.store.migrate import upgrade
from bot.store.probe import probe
from bot.testing import FakeNetwork
from bot.types import Finding

SQLITE = "sqlite:///chinwag.db"


def scripted(home: Path, **more: Any) -> Config:
    return Config.model_validate({"home": str(home), "engine": {"kind": "scripted"}, **more})


async def findings(config: Config) -> dict[str, Finding]:
    return {finding.what: finding async for finding in examine(config)}


async def test_a_fresh_machine_is_fine_and_stays_untouched(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    found = await findings(scripted(folder))
    assert [finding for finding in found.values() if not finding.ok] == []
    assert {"python", "packages", "home", "disk", "database"} <= found.keys()
    assert not folder.exists()


async def test_each_network_and_the_engine_say_how_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ailing(FakeNetwork):
        async def probe(self) -> Sequence[Finding]:
            return [Finding("fake", "the token is refused", "get another", ok=False)]

    def refusing(*_: object) -> object:
        raise ModelUnavailable("There is no such model.")

    monkeypatch.setattr(plugins, "adapter", lambda name: lambda options: Ailing())
    monkeypatch.setattr(plugins, "engine", lambda name: refusing)
    found = await findings(scripted(tmp_path, adapters={"console": {}}))
    assert found["fake"].advice == "get another"
    assert found["engine"].found == "There is no such model."
    assert not found["engine"].ok


@pytest.mark.parametrize(
    ("access", "owner", "admitted"),
    [
        ({}, "nobody is one on these networks", "nobody but owners"),
        ({"owner": ["console:me"], "allow": ["console:you"]}, "console:me", "admits console:you"),
        ({"owner": ["elsewhere:me"], "allow": ["everyone"]}, "nobody is one", "everyone"),
    ],
)
def test_whom_the_bot_answers_is_told(
    tmp_path: Path, access: dict[str, list[str]], owner: str, admitted: str
) -> None:
    owners, allowed = people.check(scripted(tmp_path, adapters={"console": {}}, access=access))
    assert owner in owners.found
    assert admitted in allowed.found
    assert bool(owners.advice) == ("nobody" in owner)


def test_without_a_network_nobody_has_to_be_named(tmp_path: Path) -> None:
    assert people.check(scripted(tmp_path)) == []


async def test_a_check_that_breaks_is_a_finding_and_the_next_ones_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Sequence[Finding]:
        raise RuntimeError("123456789:AAF-abcdefghijklmnopqrstuvwxyz_0123 is odd")

    monkeypatch.setattr(machine, "check", broken)
    found = await findings(scripted(tmp_path))
    assert found["machine"].found == "RuntimeError: ******** is odd"
    assert "database" in found


def test_a_home_that_others_can_read_is_named(tmp_path: Path) -> None:
    upgrade(locate(SQLITE, tmp_path), 30)
    tmp_path.chmod(0o755)
    (modes,) = (f for f in home.check(tmp_path) if f.what == "file modes")
    assert not modes.ok
    assert "chmod -R go=" in modes.advice


def test_a_home_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not home.check(tmp_path / "file" / "home")[0].ok


def test_a_damaged_database_is_named_and_left_alone(tmp_path: Path) -> None:
    location = locate(SQLITE, tmp_path)
    upgrade(location, 30)
    assert location.file is not None
    assert probe(location)[0].ok
    location.file.write_bytes(damaged := b"broken" * 1000)
    assert not probe(location)[0].ok
    assert location.file.read_bytes() == damaged


def test_a_bot_that_runs_is_named_and_goes_on(tmp_path: Path) -> None:
    with only_instance(tmp_path):
        assert str(os.getpid()) in home.check(tmp_path)[-1].found
    assert "no bot" in home.check(tmp_path)[-1].found
