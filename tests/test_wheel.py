"""A wheel in an empty environment works like the checkout."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CATALOGUE = "bot/locale/de/LC_MESSAGES/chinwag.mo"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment with the wheel, and our dependencies by a path file."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", f"--wheel-dir={folder}", str(ROOT)]
    subprocess.run(build, check=True)
    (wheel,) = folder.glob("chinwag-*.whl")
    environment = folder / "venv"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    subprocess.run([*pip, f"--python={python}", "install", "--no-deps", str(wheel)], check=True)
    (packages,) = (environment / "lib").glob("python*/site-packages")
    dependencies = Path(sysconfig.get_path("purelib"))
    (packages / "dependencies.pth").write_text(f"{dependencies}\n")
    return environment / "bin"


def chinwag(
    installed: Path, *arguments: str, home: Path, said: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [installed / "chinwag", *arguments],
        input=said,
        capture_output=True,
        text=True,
        cwd=home,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), "CHINWAG__HOME": str(home / "data")},
        timeout=110,
        check=False,
    )


def test_the_wheel_carries_the_core_the_adapters_and_the_migrations(installed: Path) -> None:
    (packages,) = (installed.parent / "lib").glob("python*/site-packages")
    for part in ("bot/app.py", "adapters/console/adapter.py", "migrations/env.py", CATALOGUE):
        assert (packages / part).is_file(), part
    assert not (packages / "tests").exists()


def test_an_installed_bot_answers_and_remembers(installed: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "engine: {kind: scripted, tokens_per_second: 0, "
        'script: [{match: "hello (.*)", text: "Hello, \\\\1!"}]}'
    )
    result = chinwag(installed, "chat", home=tmp_path, said="hello world\n")
    assert (result.returncode, result.stdout, result.stderr) == (0, "Hello, world!\n", "")
    checked = chinwag(installed, "db", "check", home=tmp_path)
    assert checked.returncode == 0, checked.stderr


def test_the_installed_command_tells_its_version(installed: Path, tmp_path: Path) -> None:
    result = chinwag(installed, "--version", home=tmp_path)
    assert result.returncode == 0
    assert result.stdout.startswith("chinwag, version ")
