"""A person at a terminal: replies grow above a prompt that is always there."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from prompt_toolkit.application import get_app_session, run_in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.patch_stdout import patch_stdout

from adapters.console.answer import Answer
from adapters.console.face import Say
from adapters.console.growing import Growing
from adapters.console.paint import Paint
from adapters.console.prompt import Prompt
from adapters.console.text import command, printable
from bot.types import CommandSpec, Limits, Post, Rate

LIMITS = Limits(
    length=1_000_000,
    edit_interval=0.05,
    per_place=Rate(burst=1_000, seconds=0.001),
    overall=Rate(burst=1_000, seconds=0.001),
    delete=False,
    buttons=False,
    file_bytes=64 * 1024 * 1024,
    ephemeral=True,
    collapsible=True,
    draft=True,
)


_STOP = "/stop"
_PROMPT_ROWS = 4  # left to the prompt below what grows


class Terminal:
    """Blocks of a reply that have settled are printed once and scroll away like any output; only
    the last, still growing block is drawn together with the prompt, and redrawn as it grows.

    Lines typed while a reply runs wait for its end; commands go at once.
    """

    limits = LIMITS

    def __init__(self, banner: str, history: Path | None) -> None:
        self.interrupted = False
        self._banner, self._history = banner, history
        self._paint = Paint()
        self._answer = Answer()
        self._growing: dict[str, Growing] = {}
        self._lines: deque[str] = deque()
        self._typed = asyncio.Event()
        self._commands = asyncio.Queue[str]()
        self._unprinted: list[str] = []
        self._specs: Sequence[CommandSpec] = ()
        self._leaving = False
        self._prompt: Prompt | None = None

    # --- for the adapter ---------------------------------------------------------------------

    async def run(self, say: Say) -> None:
        self._prompt = Prompt(self, self._history)
        self.offer(self._specs)
        await self._print(self._paint.dim(self._banner, self._columns))
        async with asyncio.TaskGroup() as tasks:
            speakers = [tasks.create_task(speak(say)) for speak in (self._converse, self._order)]
            try:
                with patch_stdout(raw=True):
                    await self._prompt.run()
            finally:
                for speaker in speakers:
                    speaker.cancel()
        for growing in self._growing.values():
            await self._print(self._paint.markdown(growing.finish(), self._columns))

    async def show(self, ref: str, post: Post) -> None:
        growing = self._growing.setdefault(ref, Growing())
        settled = growing.become(printable(post.text))
        if post.final:
            settled += growing.finish()
            del self._growing[ref]
        self._answer.saw(ref, post)
        await self._print(self._paint.markdown(settled, self._columns))
        await self._print(self._paint.dim(printable(post.collapsible), self._columns))
        self._redraw()

    async def drop(self, ref: str) -> None:
        self._growing.pop(ref, None)
        self._answer.dropped(ref)
        self._redraw()

    def alive(self) -> None:
        self._answer.alive()

    def offer(self, commands: Sequence[CommandSpec]) -> None:
        self._specs = commands
        if self._prompt:
            self._prompt.commands.specs = commands

    # --- for the prompt ----------------------------------------------------------------------

    def submit(self, line: str) -> None:
        self._leaving = False
        if command(line):
            self._commands.put_nowait(line)
        else:
            self._lines.append(line)
            self._typed.set()

    def interrupt(self, typed: Buffer) -> bool:
        """The first time, stop the reply and bring back the lines that wait, or clear what is
        typed; the second time in a row, leave."""
        if self._leaving:
            self.interrupted = True
            return True
        if self._answer.pending:
            self._commands.put_nowait(_STOP)
            self._answer.give_up()
            typed.insert_text("\n".join(self._lines))
            self._lines.clear()
        elif typed.text:
            typed.reset()
            return False
        self._leaving = True
        return False

    def typing(self) -> None:
        self._leaving = False

    @property
    def busy(self) -> bool:
        return self._answer.pending or bool(self._lines)

    def above(self) -> str:
        """The blocks that still grow and the lines that wait, as far as the screen has room."""
        size = get_app_session().output.get_size()
        room = max(1, size.rows - _PROMPT_ROWS)
        growing = (
            self._paint.markdown(_end(reply.rest, room * size.columns), size.columns)
            for reply in self._growing.values()
            if reply.rest.strip()
        )
        waiting = (self._paint.dim(f"› {line}", size.columns) for line in self._lines)
        parts = [*growing, *waiting] or [self._paint.dim("…", size.columns)]
        lines = "\n\n".join(parts).split("\n")[-room:]
        return "\n".join([*lines, ""])

    def hint(self) -> str:
        if self._leaving:
            return "Ctrl-C again to leave"
        return "Ctrl-C stops the reply" if self.busy else ""

    # --- inside ------------------------------------------------------------------------------

    async def _converse(self, say: Say) -> None:
        """One line after the other, each when the one before has its answer."""
        while True:
            while not self._lines:
                self._typed.clear()
                await self._typed.wait()
            line, message = self._lines.popleft(), uuid.uuid4().hex
            self._answer.expect(message)
            await self._print(self._paint.said(line, self._columns))
            await say(line, message)
            await self._answer.wait()

    async def _order(self, say: Say) -> None:
        while True:
            line = await self._commands.get()
            if line != _STOP:
                await self._print(self._paint.said(line, self._columns))
            await say(line, uuid.uuid4().hex)

    @property
    def _columns(self) -> int:
        return get_app_session().output.get_size().columns

    async def _print(self, text: str) -> None:
        """Print `text` and an empty line above the prompt, for good."""
        if text:
            self._unprinted.append(f"{text}\n\n")
            await run_in_terminal(self._flush)

    def _flush(self) -> None:
        output = get_app_session().output
        output.write_raw("".join(self._unprinted))
        output.flush()
        self._unprinted.clear()

    def _redraw(self) -> None:
        if self._prompt:
            self._prompt.redraw()


def _end(text: str, length: int) -> str:
    """About the last `length` characters; what began as a fenced block still does."""
    if len(text) <= length:
        return text
    fence, _, _ = text.partition("\n")
    end = text[-length:]
    return f"{fence}\n{end}" if fence.lstrip().startswith(("```", "~~~")) else end
