"""A person types at the console adapter: keys go in, and a real terminal's screen comes out."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from adapters.console import Console
from adapters.console.adapter import ConsoleConfig
from bot.types import Invoked, Place, Post, Received
from tests.adapters.console.core import Core
from tests.adapters.console.screen import Screen, Tty

pytestmark = pytest.mark.slow

CTRL_C, CTRL_D, ALT_ENTER = "\x03", "\x04", "\x1b\r"
PLACE = Place("console", "default", private=True)


@dataclass
class Session:
    core: Core
    screen: Screen
    keys: PipeInput
    serving: asyncio.Task[None]

    def type(self, keys: str) -> None:
        self.keys.send_text(keys)

    async def see(self, text: str) -> None:
        """Wait until `text` is on the screen or above it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                while text not in self.screen.text:
                    self.screen.changed.clear()
                    await self.screen.changed.wait()
        assert text in self.screen.text, self.screen.text

    async def left(self) -> bool:
        """Wait for the end; returns whether it was by Ctrl-C."""
        async with asyncio.timeout(5):
            await self.serving
        return self.core.console.interrupted


@asynccontextmanager
async def session(
    patch: pytest.MonkeyPatch, pause: float = 0.0, rows: int = 16, **options: Any
) -> AsyncIterator[Session]:
    patch.setattr(sys, "stdin", Tty())
    patch.setattr(sys, "stdout", Tty())
    patch.setenv("TERM", "xterm")
    screen = Screen(60, rows)
    output = Vt100_Output(cast("Any", screen), lambda: Size(rows, 60), enable_cpr=False)
    with create_pipe_input() as keys, create_app_session(keys, output):
        core = Core(Console(ConsoleConfig(**options)), pause)
        serving = asyncio.create_task(core.serve())
        yield Session(core, screen, keys, serving)
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def test_the_first_line_says_what_runs_and_ctrl_d_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with session(monkeypatch, banner="chinwag 1.0 · a model") as at:
        await at.see("chinwag 1.0 · a model")
        at.type(CTRL_D)
        assert not await at.left()


async def test_a_reply_is_rendered_and_stays_below_its_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with session(monkeypatch) as at:
        at.type("hello **you**\r")
        await at.see("you said: hello you")
    assert at.screen.text.index("› hello **you**") < at.screen.text.index("you said")


async def test_each_block_of_a_reply_taller_than_the_screen_is_there_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with session(monkeypatch, pause=0.001) as at:
        at.type("long 60\r")
        await at.see("paragraph 60 is here")
        at.type(CTRL_D)
        await at.left()
    shown = [line for line in at.screen.lines if line.startswith("paragraph")]
    assert shown == [f"paragraph {number} is here" for number in range(1, 61)]


async def test_a_block_taller_than_the_screen_shows_its_end_while_it_grows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with session(monkeypatch) as at:
        await at.see("›")
        code = "```\n" + "\n".join(f"row {number}" for number in range(50))
        ref = await at.core.console.send(PLACE, Post(code, final=False))
        await at.see("row 49")
        assert "row 1\n" not in at.screen.text
        await at.core.console.edit(ref, Post(code + "\n```"))
        await at.see("row 1\n")
    assert at.screen.text.count("row 49") == 1


async def test_the_thinking_line_gives_way_to_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async with session(monkeypatch, pause=0.1) as at:
        at.type("think\r")
        await at.see("thinking")
        await at.see("thought of it")
        await at.see("▌ first this")
    assert "thinking" not in at.screen.text


async def test_ctrl_c_stops_the_reply_and_keeps_what_was_said_and_again_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with session(monkeypatch, pause=0.01) as at:
        at.type("endless\r")
        await at.see("paragraph 3 is here")
        at.type(CTRL_C)
        await at.see("Ctrl-C again to leave")
        assert [e.command for e in at.core.events if isinstance(e, Invoked)] == ["stop"]
        at.type(CTRL_C)
        assert await at.left()
    assert "paragraph 3 is here" in at.screen.text


async def test_leaving_in_the_middle_of_a_reply_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with session(monkeypatch, pause=0.01) as at:
        at.type("endless\r")
        await at.see("paragraph 2 is here")
        at.type(CTRL_D)
        assert not await at.left()
    assert isinstance(at.core.events[-1], Invoked)
    assert "paragraph 2 is here" in at.screen.text


async def test_ctrl_c_clears_what_is_typed_before_it_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with session(monkeypatch) as at:
        at.type("half a thou")
        await at.see("half a thou")
        at.type(CTRL_C)
        at.type("hi\r")
        await at.see("you said: hi")
        at.type(CTRL_C)
        await at.see("Ctrl-C again to leave")
        at.type(CTRL_C)
        assert await at.left()


async def test_lines_typed_during_a_reply_wait_for_its_end_and_commands_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with session(monkeypatch, pause=0.01) as at:
        at.type("long 20\r")
        await at.see("paragraph 2 is here")
        at.type("next\r/help\r")
        await at.see("you said: next")
    text = at.screen.text
    assert text.index("command help") < text.index("paragraph 20") < text.index("you said: next")


async def test_stopping_brings_the_waiting_lines_back_to_the_prompt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with session(monkeypatch, pause=0.01) as at:
        at.type("endless\r")
        await at.see("paragraph 1 is here")
        at.type("later\r")
        await at.see("› later")
        at.type(CTRL_C)
        await at.see("› later")
        at.type("\r")
        await at.see("you said: later")


async def test_a_line_without_an_answer_does_not_lock_the_prompt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with session(monkeypatch) as at:
        at.type("mute\r")
        await at.see("Ctrl-C stops the reply")
        at.type(CTRL_C)
        at.type("hi\r")
        await at.see("you said: hi")


async def test_a_paste_of_many_lines_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    async with session(monkeypatch) as at:
        at.type("\x1b[200~one\r\ntwo\r\n\x1b[201~three" + ALT_ENTER + "four\r")
        await at.see("you said")
    said = [event.message.text for event in at.core.events if isinstance(event, Received)]
    assert said == ["one\ntwo\nthree\nfour"]


async def test_tab_completes_commands_and_their_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    async with session(monkeypatch) as at:
        at.type("/th")
        await at.see("Show thoughts")
        at.type("\t o")
        await at.see("off")
        at.type("\t\r")
        await at.see("command thinking off")


async def test_typed_lines_are_remembered_for_their_owner_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    history = tmp_path / "new" / "history"
    async with session(monkeypatch, history=history) as at:
        at.type("remember me\r")
        await at.see("you said: remember me")
    assert history.stat().st_mode & 0o077 == 0
    async with session(monkeypatch, history=history) as at:
        await at.see("›")
        at.type("\x1b[A\r")
        await at.see("you said: remember me")


async def test_escape_codes_in_a_reply_are_only_text(monkeypatch: pytest.MonkeyPatch) -> None:
    async with session(monkeypatch) as at:
        await at.see("›")
        await at.core.console.send(PLACE, Post("before \x1b[2J\x1b]0;title\x07 after"))
        await at.see("before \ufffd[2J\ufffd]0;title\ufffd after")
