"""chinwag as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.chosenmodel import FILE

pytestmark = pytest.mark.slow

CHINWAG = [str(Path(sys.executable).with_name("chinwag"))]


def chinwag(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CHINWAG, *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False
    )


def test_asking_for_the_version_loads_nothing_heavy() -> None:
    code = (
        "import sys; from bot.cli import main; main(['--version']);"
        "print(sorted({'pydantic', 'structlog', 'sqlalchemy', 'torch'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_bad_config_brings_no_traceback() -> None:
    Path("config.yaml").write_text("a: [")
    done = chinwag("run")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("config.yaml:1: not YAML: ")
    assert "Traceback" not in done.stderr


def test_a_chat_through_a_pipe_is_a_line_in_and_a_reply_out(alone: Path) -> None:
    done = chinwag("chat", stdin="hello\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "You said: hello\n", "")
    log = alone / "home" / "chinwag.log"
    assert "hello" not in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


MODELS = """\
models:
  other: {kind: scripted, script: [{match: "", text: "I am the other one."}]}
"""


@pytest.mark.parametrize(
    ("chosen", "said"), [("other", "I am the other one.\n"), ("gone", "You said: hello\n")]
)
def test_a_model_that_was_chosen_from_chat_serves_if_it_still_can(
    alone: Path, chosen: str, said: str
) -> None:
    Path("config.yaml").write_text(MODELS)
    (alone / "home").mkdir()
    (alone / "home" / FILE).write_text(json.dumps({"model": chosen, "instead of": "scripted"}))
    done = chinwag("chat", stdin="hello\n")
    assert (done.returncode, done.stdout) == (0, said)


def test_a_chat_is_in_the_terminals_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    done = chinwag("chat", stdin="/stop\n")
    assert done.stdout == "Es wird gerade keine Antwort geschrieben.\n"


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("chinwag")


def test_a_pipe_whose_reader_has_gone_ends_quietly() -> None:
    with subprocess.Popen(
        [*CHINWAG, "config", "show"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0
