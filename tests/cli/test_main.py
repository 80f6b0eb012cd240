"""The command line: arguments in, one function called, an exit code out."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from bot import app, plugins
from bot.cli import main
from bot.config import Config, Secret, Section
from bot.errors import (
    ChinwagError,
    ConfigError,
    ModelTooLarge,
    ModelUnavailable,
    StoreCorrupt,
    TokenRefused,
)
from bot.registry import Registry

Capture = pytest.CaptureFixture[str]
TOKEN = "123456789:AAF-abcdefghijklmnopqrstuvwxyz_0123"


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    async def run(config: Config, read: object) -> int:
        raise error

    monkeypatch.setattr(app, "run", run)


def test_the_version_is_the_distributions(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert version("chinwag") in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--config", "my.yaml", "config", "check"],
        ["config", "check", "--config", "my.yaml"],
        ["--config", "other.yaml", "config", "check", "--config", "my.yaml"],
    ],
)
def test_the_config_may_be_named_before_or_after_the_command(
    arguments: list[str], capsys: Capture
) -> None:
    Path("my.yaml").touch()
    assert main(arguments) == 0
    assert capsys.readouterr().out == "my.yaml: fine\n"


class Options(Section):
    password: Secret


def setup(registry: Registry) -> None:
    registry.options(Options)


def test_a_plugins_secret_is_masked_too(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    load = plugins.load

    def with_mail(kind: plugins.Kind, name: str) -> object:
        return setup if name == "mail" else load(kind, name)

    monkeypatch.setattr(plugins, "load", with_mail)
    Path("config.yaml").write_text("plugins: {mail: {password: correct horse}}")
    assert main(["config", "show"]) == 0
    shown = capsys.readouterr().out
    assert "mail" in shown
    assert "correct horse" not in shown


def test_without_a_config_the_defaults_are_fine(capsys: Capture) -> None:
    assert main(["config", "check"]) == 0
    assert capsys.readouterr().out == "no config file, so the defaults hold: fine\n"


@pytest.mark.parametrize("command", [["config", "check"], ["config", "show"], ["run"], ["chat"]])
def test_every_mistake_in_the_config_is_a_line_on_stderr(
    command: list[str], capsys: Capture
) -> None:
    Path("config.yaml").write_text("respond: x\nlog: {levle: info}\n")
    assert main(command) == 2
    assert capsys.readouterr().err.splitlines() == [
        "config.yaml:1: respond: should be 'mention', 'always' or 'command', found 'x'",
        "config.yaml:2: log.levle: unknown key; did you mean 'level'?",
    ]


def test_the_config_is_shown(capsys: Capture) -> None:
    assert main(["config", "show"]) == 0
    assert "  kind: scripted  # CHINWAG__ENGINE__KIND\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["--nonsense"], ["run", "now"], ["chat", "--conversation"], ["config"]],
)
def test_wrong_arguments_are_exit_code_2(arguments: list[str], capsys: Capture) -> None:
    assert main(arguments) == 2
    message = capsys.readouterr().err
    assert message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ChinwagError("Something failed."), 1),
        (StoreCorrupt("The database is damaged."), 1),
        (ConfigError("no network is configured"), 2),
        (ModelUnavailable("There is no such model."), 3),
        (ModelTooLarge("It does not fit."), 3),
        (TokenRefused("Telegram", "ask BotFather for a new one."), 4),
        (ExceptionGroup("tasks", [ExceptionGroup("more", [ModelTooLarge("It does not fit.")])]), 3),
    ],
)
def test_a_failure_is_one_sentence_and_its_exit_code(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    failing(monkeypatch, error)
    assert main(["run"]) == code
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    assert capsys.readouterr().err == f"{error}\n"


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), BaseExceptionGroup("tasks", [KeyboardInterrupt()])]
)
def test_an_interrupt_is_exit_code_130(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, error)
    assert main(["run"]) == 130


def test_a_fault_of_ours_shows_where_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    failing(monkeypatch, ValueError(f"https://api.telegram.org/bot{TOKEN}/getMe"))
    assert main(["run"]) == 1
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "please report it" in shown
    assert TOKEN not in shown


def test_the_answer_of_the_app_is_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    async def chat(config: Config, conversation: str) -> int:
        seen.append(conversation)
        return 130

    monkeypatch.setattr(app, "chat", chat)
    assert main(["chat"]) == 130
    assert main(["chat", "--conversation", "work"]) == 130
    assert seen == ["default", "work"]


def test_a_reader_that_has_gone_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, BrokenPipeError())
    assert main(["run"]) == 0
    assert capfd.readouterr() == ("", "")
