"""A pipe or a file instead of a person: one line in, one reply out, nothing else."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Sequence
from contextlib import aclosing

from adapters.console.answer import Answer
from adapters.console.face import Say
from adapters.console.streams import lines, write
from adapters.console.text import command, printable, source, storable
from bot.errors import Gone, Unavailable
from bot.types import CommandSpec, Limits, Post, Rate

LIMITS = Limits(
    length=1_000_000,
    per_place=Rate(burst=1_000, seconds=0.001),
    overall=Rate(burst=1_000, seconds=0.001),
    edit=False,
    delete=False,
    buttons=False,
    files=False,
    collapsible=True,
    lasting=False,
)


class Plain:
    """Replies go out as the CommonMark that they are, whole and in the order of the lines."""

    limits = LIMITS
    interrupted = False

    def __init__(self, patience: float) -> None:
        self._answer = Answer(patience)
        self._growing: dict[str, Post] = {}
        self._broken: OSError | None = None

    async def run(self, say: Say) -> None:
        """Raises Unavailable when input or output fails; a reader that has left is no failure."""
        try:
            async with aclosing(lines(sys.stdin.fileno())) as given:
                async for line in given:
                    await self._exchange(storable(line.decode(errors="replace")), say)
                    if self._broken:
                        break
        except OSError as error:
            raise Unavailable(f"The input can't be read: {error.strerror}.") from error
        if self._broken and not isinstance(self._broken, BrokenPipeError):
            raise Unavailable(f"The reply can't be written: {self._broken.strerror}.")

    async def _exchange(self, line: str, say: Say) -> None:
        if not line.strip():
            return
        message = uuid.uuid4().hex
        self._answer.expect("" if command(line) else message)
        await say(line, message)
        try:
            await self._answer.wait()
        except TimeoutError:
            sys.stderr.write("No answer came; going on with the next line.\n")

    async def show(self, ref: str, post: Post) -> None:
        self._growing[ref] = post
        if post.final:
            whole = [*self._growing.values()]
            self._growing.clear()
            await self._print(printable("\n\n".join(map(source, whole))))
        self._answer.saw(ref, post)

    async def drop(self, ref: str) -> None:
        self._growing.pop(ref, None)
        self._answer.dropped(ref)

    def alive(self) -> None:
        self._answer.alive()

    def offer(self, commands: Sequence[CommandSpec]) -> None:
        """Nobody types here."""

    async def _print(self, text: str) -> None:
        try:
            await write(sys.stdout.fileno(), f"{text}\n".encode(errors="replace"))
        except OSError as error:
            self._broken = error
            self._answer.give_up()
            raise Gone("Nobody reads the output any more.") from error
