"""When the user's lines are said to the core, and what Ctrl-C means."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Callable

from adapters.console.answer import Answer
from adapters.console.face import Say
from adapters.console.text import command

STOP = "/stop"


class Speaker:
    """Says one line after the other, each when the one before has its answer; commands at once.

    `echo` is called with each line when its time has come.
    """

    def __init__(self, echo: Callable[[str], None]) -> None:
        self.answer = Answer()
        self.interrupted = False
        self.waiting: deque[str] = deque()
        self._echo = echo
        self._more = asyncio.Event()
        self._commands = asyncio.Queue[str]()
        self._left_with: str | None = None

    @property
    def busy(self) -> bool:
        return self.answer.pending or bool(self.waiting)

    @property
    def hint(self) -> str:
        """For the empty line."""
        if self._left_with == "":
            return "Ctrl-C again to leave"
        return "Ctrl-C stops the reply" if self.busy else ""

    def submit(self, line: str) -> None:
        self._left_with = None
        if command(line):
            self._commands.put_nowait(line)
        else:
            self.waiting.append(line)
            self._more.set()

    def interrupt(self, typed: str) -> str | None:
        """Ctrl-C with `typed` on the line; returns what the line becomes, None to leave.

        The first time it stops the reply and brings back the lines that wait, or else clears the
        line; again, with nothing typed in between, it leaves.
        """
        if typed == self._left_with:
            self.interrupted = True
            return None
        if self.busy:
            self._commands.put_nowait(STOP)
            self.answer.give_up()
            typed = "\n".join(filter(None, (*self.waiting, typed)))
            self.waiting.clear()
        elif typed:
            return ""
        self._left_with = typed
        return typed

    async def run(self, say: Say) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._converse(say))
            tasks.create_task(self._command(say))

    async def _converse(self, say: Say) -> None:
        while True:
            while not self.waiting:
                self._more.clear()
                await self._more.wait()
            line, message = self.waiting.popleft(), uuid.uuid4().hex
            self.answer.expect(message)
            self._echo(line)
            await say(line, message)
            await self.answer.wait()

    async def _command(self, say: Say) -> None:
        while True:
            line = await self._commands.get()
            if line != STOP:
                self._echo(line)
            await say(line, uuid.uuid4().hex)
