"""The console adapter as a process at a pseudo-terminal, which is what `chinwag chat` is."""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.console.screen import Screen

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "tests.adapters.console.core"]
PATIENCE = 30.0


class Program:
    """Another process at its own terminal."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvpe(COMMAND[0], COMMAND, {**os.environ, "TERM": "xterm"})  # noqa: S606
        self.settings = termios.tcgetattr(self.terminal)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 16, 60, 0, 0))

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def see(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while text not in self.screen.text and time.monotonic() < deadline and self._listen():
            pass
        assert text in self.screen.text, self.screen.text

    def ended(self) -> int:
        """The exit code."""
        while self._listen():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _listen(self) -> bool:
        if not select.select([self.terminal], [], [], PATIENCE)[0]:
            return False
        try:
            data = os.read(self.terminal, 1 << 16)
        except OSError:  # what Linux says when the other end has closed
            return False
        self.screen.write(data.decode(errors="replace"))
        if b"\x1b[6n" in data:  # where is the cursor?
            self.type("\x1b[1;1R")
        return bool(data)


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    monkeypatch.chdir(Path(__file__).parents[3])
    running = Program(Screen())
    yield running
    os.close(running.terminal)


def test_ctrl_d_leaves_with_zero_and_the_terminal_as_it_was(program: Program) -> None:
    program.see("chinwag, under test")
    program.type("hi\r")
    program.see("you said: hi")
    program.type("\x04")
    assert program.ended() == 0
    assert termios.tcgetattr(program.terminal)[:4] == program.settings[:4]


def test_ctrl_c_twice_leaves_with_130_and_what_was_said_stays(program: Program) -> None:
    program.see("›")
    program.type("endless\r")
    program.see("paragraph 3 is here")
    program.type("\x03")
    program.see("Ctrl-C again to leave")
    program.type("\x03")
    assert program.ended() == 130
    assert program.screen.text.count("paragraph 3 is here") == 1
