"""A person at a terminal: replies grow above a prompt that is always there."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from pathlib import Path

from prompt_toolkit.application import get_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.patch_stdout import patch_stdout

from adapters.console.face import Say
from adapters.console.growing import Growing
from adapters.console.paint import Paint
from adapters.console.prompt import Prompt
from adapters.console.speaker import STOP, Speaker
from adapters.console.text import printable, source
from bot.types import CommandSpec, Limits, Post, Rate

LIMITS = Limits(
    length=1_000_000,
    edit_interval=0.05,
    per_place=Rate(burst=1_000, seconds=0.001),
    overall=Rate(burst=1_000, seconds=0.001),
    delete=False,
    buttons=False,
    files=False,
    collapsible=True,
    draft=True,
    lasting=False,
)

_PROMPT_ROWS = 4  # left to the prompt below what grows


class Terminal:
    """Blocks of a reply that have settled are printed once and scroll away like any output; only
    the last, still growing block is drawn together with the prompt, and redrawn as it grows."""

    limits = LIMITS

    def __init__(self, banner: str, history: Path | None) -> None:
        self._banner, self._history = banner, history
        self._paint = Paint()
        self._speaker = Speaker(lambda line: self._print(self._paint.said(line, self._columns)))
        self._growing: dict[str, Growing] = {}
        self._settled: list[str] = []
        self._specs: Sequence[CommandSpec] = ()
        self._prompt: Prompt | None = None

    @property
    def interrupted(self) -> bool:
        return self._speaker.interrupted

    async def run(self, say: Say) -> None:
        """A reply that still grows when the user leaves is stopped; what was said of it stays."""
        self._print(self._paint.dim(self._banner, self._columns))
        self._prompt = Prompt(self._speaker, self.above, self.take_settled, self._history)
        self._prompt.commands.specs = self._specs
        try:
            async with asyncio.TaskGroup() as tasks:
                speaking = tasks.create_task(self._speaker.run(say))
                with patch_stdout(raw=True):
                    await self._prompt.run()
                speaking.cancel()
        finally:
            self._prompt = None
            for growing in self._growing.values():
                self._print(self._paint.markdown(growing.finish(), self._columns))
        if self._speaker.answer.pending:
            await say(STOP, uuid.uuid4().hex)

    async def show(self, ref: str, post: Post) -> None:
        growing = self._growing.setdefault(ref, Growing())
        growing.become(printable(source(post)))
        settled = "" if post.collapsible else growing.settle()  # thoughts are cut at their start
        if post.final:
            settled += growing.finish()
            del self._growing[ref]
        self._speaker.answer.saw(ref, post)
        self._print(self._paint.markdown(settled, self._columns))

    async def drop(self, ref: str) -> None:
        self._growing.pop(ref, None)
        self._speaker.answer.dropped(ref)
        self._print("")

    def alive(self) -> None:
        """A person sees for themselves that nothing comes, and has Ctrl-C."""

    def offer(self, commands: Sequence[CommandSpec]) -> None:
        self._specs = commands
        if self._prompt:
            self._prompt.commands.specs = commands

    # --- what the prompt draws ---------------------------------------------------------------

    def take_settled(self) -> str:
        """What is to be printed above everything that may still change, once."""
        settled = "".join(self._settled)
        self._settled.clear()
        return settled

    def above(self) -> str:
        """The blocks that still grow and the lines that wait, as far as the screen has room."""
        size = self._size
        room = max(1, size.rows - _PROMPT_ROWS)
        growing = [
            self._paint.markdown(_end(reply.rest, room * size.columns), size.columns)
            for reply in self._growing.values()
            if reply.rest.strip()
        ]
        waiting = [self._paint.dim(f"› {line}", size.columns) for line in self._speaker.waiting]
        parts = [*growing, "\n".join(waiting)] if waiting else growing
        lines = "\n\n".join(parts or [self._paint.dim("…", size.columns)]).split("\n")
        return "\n".join([*lines[-room:], ""])

    # --- inside ------------------------------------------------------------------------------

    @property
    def _size(self) -> Size:
        return get_app_session().output.get_size()

    @property
    def _columns(self) -> int:
        return self._size.columns

    def _print(self, text: str) -> None:
        """Print `text`, if any, and an empty line for good, above the prompt where there is one;
        the prompt is drawn anew in any case."""
        if text:
            self._settled.append(f"{text}\n\n")
        if self._prompt:
            self._prompt.redraw()
        else:
            output = get_app_session().output
            output.write_raw(self.take_settled())
            output.flush()


def _end(text: str, length: int) -> str:
    """About the last `length` characters; what began as a fenced block still does."""
    if len(text) <= length:
        return text
    fence, _, _ = text.partition("\n")
    end = text[-length:]
    return f"{fence}\n{end}" if fence.lstrip().startswith(("```", "~~~")) else end
