"""The console passes the suite that all adapters have to pass: at a pipe and at a terminal."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, cast

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from adapters.console import Console, adapter, plain, terminal
from adapters.console.adapter import ConsoleConfig
from bot.testing.conformance import Conformance, Network
from bot.types import Place
from tests.adapters.console.screen import Screen, Tty

pytestmark = pytest.mark.slow

PLACE = Place("console", "default", private=True)


def use(patch: pytest.MonkeyPatch, stdin: IO[Any], stdout: IO[Any]) -> None:
    """Not by `sys` itself: pytest puts its own streams there between a fixture and its test."""
    streams = SimpleNamespace(stdin=stdin, stdout=stdout, stderr=sys.stderr)
    for module in (adapter, plain, terminal):
        patch.setattr(module, "sys", streams, raising=False)


class TestPipe(Conformance):
    @pytest.fixture
    def network(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Network]:
        reading, writing = os.pipe()
        with (
            os.fdopen(reading, "rb") as stdin,
            os.fdopen(writing, "wb", buffering=0) as typed,
            (tmp_path / "out").open("wb") as stdout,
        ):
            use(monkeypatch, stdin, stdout)

            async def say(text: str) -> None:
                typed.write(f"{text}\n".encode())

            def shown() -> list[str]:
                return (tmp_path / "out").read_text().splitlines()

            yield Network(Console(ConsoleConfig(downloads=tmp_path)), PLACE, shown, say)
            typed.close()
            join_readers()


def join_readers() -> None:
    """A reader left behind would take what is meant for the next test on the same descriptor."""
    for thread in threading.enumerate():
        if thread.name == "console":
            thread.join(10)


class TestTerminal(Conformance):
    @pytest.fixture
    async def network(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> AsyncIterator[Network]:
        use(monkeypatch, Tty(), Tty())
        monkeypatch.setenv("TERM", "xterm")
        screen = Screen(100, 50)
        output = Vt100_Output(cast("Any", screen), lambda: Size(50, 100), enable_cpr=False)
        with create_pipe_input() as keys, create_app_session(keys, output):

            async def say(text: str) -> None:
                keys.send_text(f"{text}\r")

            yield Network(Console(ConsoleConfig(downloads=tmp_path)), PLACE, shown(screen), say)


def shown(screen: Screen) -> Callable[[], list[str]]:
    """Each paragraph counts as a message."""
    return lambda: screen.text.split("\n\n")
