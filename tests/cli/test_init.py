"""`chinwag init`: five questions, or none, and a config that holds."""

from __future__ import annotations

import os
import pty
import select
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot import config
from bot.cli import cli, main
from bot.config.show import show

Capture = pytest.CaptureFixture[str]
TOKEN = "123456789:AAF-abcdefghijklmnopqrstuvwxyz_0123"


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TELEGRAM_TOKEN", raising=False)
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)


def asked(*answers: str, arguments: tuple[str, ...] = ()) -> str:
    os.umask(0o077)
    result = CliRunner().invoke(cli, ["init", *arguments], input="".join(f"{a}\n" for a in answers))
    assert result.exit_code == 0, result.output
    return result.output


def test_enter_is_a_sensible_answer_to_every_question() -> None:
    shown = asked("telegram", *[""] * 4)
    loaded = config.load(Path("config.yaml"), {})
    assert set(loaded.adapters) == {"telegram"}
    assert "which goes into access.owner" in shown
    assert loaded.access.owner == ()
    assert loaded.thinking == "line"
    assert "token_env: TELEGRAM_TOKEN" in Path("config.yaml").read_text()


def test_each_answer_is_in_the_config_and_the_token_in_a_file_of_its_own() -> None:
    shown = asked("telegram", TOKEN, "1001", "Qwen/QwQ-32B", "open")
    loaded = config.load(Path("config.yaml"), {})
    assert loaded.access.owner == ("telegram:1001",)
    assert loaded.engine.options.model_dump()["model"] == "Qwen/QwQ-32B"
    assert loaded.thinking == "open"
    assert Path("telegram.token").read_text() == f"{TOKEN}\n"
    assert TOKEN not in shown + Path("config.yaml").read_text()
    for name in ("config.yaml", "telegram.token"):
        assert Path(name).stat().st_mode & 0o777 == 0o600
    assert TOKEN not in show(loaded, config.read(Path("config.yaml"), {}))


def test_a_network_that_is_none_is_asked_for_again() -> None:
    shown = asked("telegramm", "telegram", "", "", "", "")
    assert "telegramm is none of" in shown


def test_a_name_is_no_id_and_is_asked_for_again() -> None:
    shown = asked("telegram", "", "@anna", "telegram:1001", "", "")
    assert "a number and not a name" in shown
    assert config.load(Path("config.yaml"), {}).access.owner == ("telegram:1001",)


def test_nothing_is_asked_where_a_config_is_there_already() -> None:
    Path("config.yaml").write_text("mine")
    result = CliRunner().invoke(cli, ["init"], input="")
    assert (result.output, str(result.exception)) == (
        "",
        "config.yaml is there already: move it away first.",
    )


def test_flags_leave_nothing_to_ask(capsys: Capture) -> None:
    arguments = ["--network", "telegram", "--token", f"telegram={TOKEN}"]
    arguments += ["--owner", "telegram:1001", "--model", "demo", "--thinking", "off"]
    assert main(["init", "--unattended", *arguments]) == 0
    loaded = config.load(Path("config.yaml"), {})
    assert (loaded.thinking, loaded.access.owner) == ("off", ("telegram:1001",))
    shown = capsys.readouterr().out
    assert "`chinwag doctor` looks" in shown
    assert "access.owner" not in shown


def test_what_follows_is_said_with_the_config_that_was_named(capsys: Capture) -> None:
    assert main(["init", "--unattended", "--config", "my.yaml"]) == 0
    assert "`chinwag chat --config my.yaml` starts" in capsys.readouterr().out


def test_unattended_takes_tokens_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    assert main(["init", "--unattended", "--network", "telegram"]) == 0
    assert Path("telegram.token").read_text() == f"{TOKEN}\n"


@pytest.mark.parametrize("there", ["config.yaml", "telegram.token"])
def test_nothing_is_overwritten(there: str, capsys: Capture) -> None:
    Path(there).write_text("mine")
    arguments = ["--network", "telegram", "--token", f"telegram={TOKEN}"]
    assert main(["init", "--unattended", *arguments]) == 1
    assert "is there already" in capsys.readouterr().err
    assert Path(there).read_text() == "mine"
    assert [path.name for path in Path().glob("*.*")] == [there]


def test_what_the_config_cannot_hold_is_said_and_leaves_nothing(capsys: Capture) -> None:
    assert main(["init", "--unattended", "--owner", "me"]) == 2
    assert "access.owner[0]" in capsys.readouterr().err
    assert not list(Path().glob("*.*"))


def test_a_token_for_another_network_is_a_wrong_argument(capsys: Capture) -> None:
    assert main(["init", "--unattended", "--token", f"telegram={TOKEN}"]) == 2
    assert TOKEN not in capsys.readouterr().err


def test_no_network_is_an_answer_too() -> None:
    assert "`chinwag chat` starts" in asked("none", "", "")
    assert not config.load(Path("config.yaml"), {}).adapters


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of a fork beside threads
def test_at_a_real_terminal_the_token_is_not_shown() -> None:
    answers = {"networks": "telegram", "token": TOKEN, "id": "7", "model": "", "thinking": ""}
    process, terminal = pty.fork()
    if not process:
        os.execv(Path(sys.executable).with_name("chinwag"), ["chinwag", "init"])  # noqa: S606
    seen = ""
    for word, answer in answers.items():
        line = ""
        while not (word in line and line.endswith(("? ", "] "))):
            assert select.select([terminal], [], [], 60)[0], seen
            seen += os.read(terminal, 4096).decode()
            line = seen.rpartition("\n")[2]
        os.write(terminal, f"{answer}\n".encode())
    assert os.waitpid(process, 0)[1] == 0
    os.close(terminal)
    assert TOKEN not in seen
    assert Path("telegram.token").read_text() == f"{TOKEN}\n"
