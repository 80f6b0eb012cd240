"""Logs: one pipeline, for people or machines, without secrets and without what people say."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import logs
from bot.errors import ChinwagError
from bot.secrets import remember

Capture = pytest.CaptureFixture[str]
TELEGRAM = "123456789:AAF-abcdefghijklmnopqrstuvwxyz_0123"
DISCORD = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDE.AAF-abcdefghijklmnopqrstuvwxyz_0123"


def lines(capsys: Capture) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_our_lines_and_those_of_libraries_come_out_alike(capsys: Capture) -> None:
    logs.setup("info", "json")
    structlog.contextvars.bind_contextvars(turn=7)
    structlog.get_logger("bot.chat").info("turn ended", tokens=3)
    logging.getLogger("discord.gateway").info("connected to %s", "x", extra={"shard": 1})
    ours, theirs = lines(capsys)
    assert (ours["event"], ours["logger"], ours["tokens"]) == ("turn ended", "bot.chat", 3)
    assert (theirs["event"], theirs["logger"], theirs["shard"]) == (
        "connected to x",
        "discord.gateway",
        1,
    )
    assert (ours["turn"], theirs["turn"]) == (7, 7)
    assert ours.keys() >= {"timestamp", "level"} <= theirs.keys()


def test_only_our_own_loggers_go_below_info(capsys: Capture) -> None:
    logs.setup("debug", "json")
    for name in ("bot.chat", "adapters.console", "discord.http", "aiosqlite"):
        logging.getLogger(name).debug(name)
    logging.getLogger("httpx").info("GET /")
    assert [line["logger"] for line in lines(capsys)] == ["bot.chat", "adapters.console"]


def test_a_higher_level_holds_for_all(capsys: Capture) -> None:
    logs.setup("error", "json")
    for name in ("bot", "discord", "httpx"):
        logging.getLogger(name).warning("no")
        logging.getLogger(name).error("yes")
    assert [line["event"] for line in lines(capsys)] == ["yes"] * 3


def test_systemd_gets_json_and_a_person_gets_prose(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    logs.setup("info", "auto")
    structlog.get_logger("bot").info("hello", a=1)
    prose = capsys.readouterr().err
    assert "hello" in prose
    assert not prose.startswith("{")
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    logs.setup("info", "auto")
    structlog.get_logger("bot").info("hello", a=1)
    assert lines(capsys)[0]["a"] == 1


@pytest.mark.parametrize("format", ["json", "console"])
def test_what_is_said_is_logged_only_when_the_config_says_so(
    format: logs.Format, capsys: Capture
) -> None:
    logs.setup("info", format)
    structlog.get_logger("bot").info("received", text="my diary")
    hidden = capsys.readouterr().err
    assert "diary" not in hidden
    assert "8 characters" in hidden
    logs.setup("info", format, texts=True)
    structlog.get_logger("bot").info("received", text="my diary")
    assert "my diary" in capsys.readouterr().err


@pytest.mark.parametrize("format", ["json", "console"])
@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
@pytest.mark.parametrize("secret", [TELEGRAM, DISCORD, 'an "odd"\nsecret'])
def test_no_line_holds_a_secret_tracebacks_included(
    secret: str, level: str, format: logs.Format, capsys: Capture
) -> None:
    remember('an "odd"\nsecret')
    logs.setup(level, format)
    try:
        raise ValueError(f"https://api.example.org/bot{secret}/getMe")
    except ValueError as error:
        for log in (structlog.get_logger("bot"), logging.getLogger("httpx")):
            log.exception(f"failed with {secret}")
            log.error("failed: %s", error, stack_info=True)
        structlog.get_logger("bot").error("failed", url=f"x/{secret}/y", error=error)
    written = capsys.readouterr().err
    assert len(written.splitlines()) >= 5
    for part in ("AAF-", "odd"):
        assert part not in written


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(value=st.text(min_size=4).map(lambda text: f'é{text}"\\'))
def test_any_registered_secret_is_masked_in_json(value: str, capsys: Capture) -> None:
    remember(value)
    logs.setup("info", "json")
    logging.getLogger("bot").info("before %s after", value)
    event = lines(capsys)[0]["event"]
    assert isinstance(event, str)
    assert event.startswith("before ")
    assert value not in event


def test_values_of_local_variables_are_in_no_traceback(capsys: Capture) -> None:
    logs.setup("info", "console")
    diary = "dear " + "diary"
    try:
        len(diary) / 0
    except ZeroDivisionError:
        structlog.get_logger("bot").exception("failed")
    written = capsys.readouterr().err
    assert "ZeroDivisionError" in written
    assert "dear diary" not in written


def test_a_log_file_leaves_the_terminal_alone_and_is_private(
    tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "home" / "chinwag.log"
    logs.setup("info", file=file)
    structlog.get_logger("bot").info("hello")
    assert "hello" in file.read_text()
    assert capsys.readouterr().err == ""
    assert file.stat().st_mode & 0o077 == 0


def test_a_log_file_is_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 1_000)
    logs.setup("info", file=tmp_path / "chinwag.log")
    for number in range(100):
        structlog.get_logger("bot").info("line", number=number)
    files = sorted(tmp_path.glob("chinwag.log*"))
    assert len(files) == 1 + logs.FILES
    assert all(file.stat().st_size <= 1_000 for file in files)
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_warnings_of_libraries_go_to_the_log(capsys: Capture) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        logs.setup("info", "json")
        warnings.warn("this is old", DeprecationWarning, stacklevel=1)
    (line,) = lines(capsys)
    assert line["logger"] == "py.warnings"
    assert "this is old" in str(line["event"])


def test_setting_up_again_replaces_what_was(capsys: Capture) -> None:
    logs.setup("info", "json")
    logs.setup("info", "json")
    structlog.get_logger("bot").info("once")
    assert len(lines(capsys)) == 1


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(ChinwagError, match=r"home/chinwag.log can't be written: "):
        logs.setup(file=tmp_path / "home" / "chinwag.log")


def test_a_line_that_cannot_be_written_reaches_no_terminal(capsys: Capture) -> None:
    logs.setup(file=Path("/dev/full"))
    structlog.get_logger("bot").info("lost", secret=TELEGRAM)
    assert capsys.readouterr() == ("", "")
