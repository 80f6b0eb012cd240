"""`chinwag service install`: a unit that systemd takes, closed as far as a model allows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bot import config
from bot.cli import main
from bot.config import Config
from bot.errors import ChinwagError
from bot.secrets import Secret
from bot.service import install
from bot.service.install import OWN, SYSTEM, credentials, next_steps, unit

Capture = pytest.CaptureFixture[str]

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs Debian's package systemd"
)

TOKENS = {
    "engine": {"kind": "local"},
    "adapters": {
        "telegram": {
            "token_env": "TELEGRAM_TOKEN",
            "webhook": {"url": "https://example.org/t", "secret_credential": "hook"},
        },
        "discord": {"token_file": "/srv/secrets/discord"},
    },
}


@pytest.fixture(autouse=True)
def _everything_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run in /tmp, and developers live in /home."""
    monkeypatch.setattr(install, "HIDDEN", ("/hidden",))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(TOKENS))
    path.chmod(0o644)
    return path


@pytest.fixture
def checked(file: Path) -> Config:
    return config.load(file, {})


def analyzed(*arguments: str, runtime: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"XDG_RUNTIME_DIR": str(runtime)},
    )


@needs_systemd
@pytest.mark.parametrize("scope", [SYSTEM, OWN])
def test_systemd_finds_nothing_wrong(
    scope: install.Scope, checked: Config, file: Path, tmp_path: Path
) -> None:
    written = install.write(unit(checked, file, scope), tmp_path / install.NAME)
    own = ["--user"] if scope is OWN else []
    done = analyzed(*own, "verify", str(written), runtime=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
def test_the_exposure_is_under_two_and_a_half(checked: Config, file: Path, tmp_path: Path) -> None:
    written = install.write(unit(checked, file, SYSTEM), tmp_path / install.NAME)
    threshold = ["--offline=true", "--threshold=24"]  # in tenths; more is a failure
    done = analyzed("security", *threshold, "--no-pager", str(written), runtime=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Overall exposure level" in done.stdout


def test_the_unit_runs_this_installation_with_this_config(checked: Config, file: Path) -> None:
    text = unit(checked, file, SYSTEM)
    chinwag = Path(sys.executable).with_name("chinwag")
    assert f"ExecStart={chinwag} run --config {file}\n" in text
    assert "Environment=CHINWAG__HOME=%S/chinwag\n" in text
    assert "Environment=CHINWAG__ENGINE__CACHE=%C/chinwag\n" in text
    assert not re.search("@[A-Z]+@", text)


def test_each_secret_is_handed_over_by_its_name(checked: Config) -> None:
    assert credentials(checked, SYSTEM) == [
        ("TELEGRAM_TOKEN", "/etc/chinwag/TELEGRAM_TOKEN"),
        ("discord", "/srv/secrets/discord"),
        ("hook", "/etc/chinwag/hook"),
    ]
    assert credentials(checked, OWN) == [
        ("TELEGRAM_TOKEN", "%h/.config/chinwag/TELEGRAM_TOKEN"),
        ("hook", "%h/.config/chinwag/hook"),
    ]


@pytest.mark.parametrize("origin", ["env", "file"])
def test_a_secret_that_is_handed_over_is_found_under_its_old_name(
    origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "TOKEN").write_text("handed over 4711\n")
    monkeypatch.delenv("TOKEN", raising=False)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    secret = Secret("env", "TOKEN") if origin == "env" else Secret("file", "/no/such/TOKEN")
    assert secret.reveal() == "handed over 4711"


def test_what_a_service_cannot_see_is_refused(
    checked: Config, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.chmod(0o600)
    with pytest.raises(ChinwagError, match=r"can't read .*/etc/chinwag/config.yaml"):
        unit(checked, file, SYSTEM)
    file.chmod(0o644)
    monkeypatch.setattr(install, "HIDDEN", (sys.prefix,))
    with pytest.raises(ChinwagError, match="--user"):
        unit(checked, file, SYSTEM)
    assert unit(checked, file, OWN)


def test_the_commands_that_are_left_are_named(checked: Config) -> None:
    steps = list(next_steps(checked, SYSTEM))
    assert any("/etc/chinwag/hook" in step for step in steps)
    assert steps[-2:] == ["systemctl daemon-reload", "systemctl enable --now chinwag"]
    assert "systemctl --user enable --now chinwag" in list(next_steps(checked, OWN))


def test_a_unit_of_ones_own_is_written_into_ones_own_folder(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["service", "install", "--user", "--config", str(file)]) == 0
    written = tmp_path / ".config/systemd/user/chinwag.service"
    assert f"{written} is written." in capsys.readouterr().out
    assert "WantedBy=default.target" in written.read_text()


def test_a_unit_can_be_looked_at_first(file: Path, capsys: Capture) -> None:
    assert main(["service", "install", "--print", "--config", str(file)]) == 0
    assert "ProtectSystem=strict" in capsys.readouterr().out


def test_without_a_config_there_is_nothing_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHINWAG__HOME", str(tmp_path))
    assert main(["service", "install"]) == 1
    assert "chinwag init" in capsys.readouterr().err
