"""A core small enough for one page, to talk to the console adapter with.

Run as a program it is the other end of a real terminal or pipe: `python -m
tests.adapters.console.core`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from adapters.console import Console
from adapters.console.adapter import ConsoleConfig
from bot.errors import Gone, StoreUnavailable
from bot.types import CommandSpec, Event, File, Invoked, Parameter, Post, Received

COMMANDS = (
    CommandSpec("help", "What I can do"),
    CommandSpec("stop", "Stop the reply"),
    CommandSpec("thinking", "Show thoughts", (Parameter("how", "how", choices=("off", "line")),)),
)


class Core:
    """Echoes what it is told; a few words make it do more:

    `long N` streams N paragraphs, `endless` streams until /stop, `file` sends one, `think` shows
    a thinking line and thoughts, `open` shows thoughts in a post of their own, `mute` gives no
    answer, `full` can't be kept.
    """

    def __init__(self, console: Console, pause: float = 0.0) -> None:
        self.console = console
        self.events: list[Event] = []
        self._pause = pause
        self._stop = asyncio.Event()
        self._turns = asyncio.Queue[Received]()

    async def serve(self) -> None:
        await self.console.publish(COMMANDS)
        async with asyncio.TaskGroup() as tasks:
            worker = tasks.create_task(self._work())
            await self.console.run(self)
            worker.cancel()

    async def put(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Received):
            if event.message.text == "full":
                raise StoreUnavailable("The disk is full.")
            await self._turns.put(event)
        elif isinstance(event, Invoked):
            await self._obey(event)

    async def _obey(self, event: Invoked) -> None:
        if event.command == "stop":
            self._stop.set()
            return
        text = f"command {event.command} {event.arguments}".strip()
        await self.console.send(event.place, Post(text))

    async def _work(self) -> None:
        while True:
            with contextlib.suppress(Gone):
                await self._reply(await self._turns.get())

    async def _reply(self, event: Received) -> None:
        self._stop.clear()
        word, _, rest = event.message.text.partition(" ")
        if word == "mute":
            return
        if word == "file":
            file = File("note.txt", b"contents")
            await self.console.send(event.place, Post("Here:", files=(file,)))
        elif word == "open":
            thoughts = Post("thought", collapsible="so far", reply_to=event.message.id)
            await self.console.send(event.place, thoughts)
            await asyncio.sleep(self._pause)
            await self.console.send(event.place, Post("and the answer"))
        elif word in ("long", "endless"):
            await self._stream(event, int(rest) if word == "long" else 10_000)
        elif word == "think":
            ref = await self.console.send(event.place, Post("*thinking*", final=False))
            await asyncio.sleep(self._pause)
            await self.console.edit(ref, Post("thought of it", collapsible="first this\nthen that"))
        else:
            await self.console.send(event.place, Post(f"you said: {event.message.text}"))

    async def _stream(self, event: Received, paragraphs: int) -> None:
        text, ref = "", None
        for number in range(1, paragraphs + 1):
            text += f"paragraph {number} is **here**\n\n"
            post = Post(text.strip(), final=False)
            if ref is None:
                ref = await self.console.send(event.place, post)
            else:
                await self.console.edit(ref, post)
            await asyncio.sleep(self._pause)
            if self._stop.is_set():
                break
        assert ref is not None
        await self.console.edit(ref, Post(text.strip()))


async def main(downloads: str = ".", history: str = "") -> int:
    config = ConsoleConfig(
        banner="chinwag, under test",
        downloads=Path(downloads),
        history=Path(history) if history else None,
    )
    console = Console(config)
    await Core(console, pause=0.02).serve()
    return 130 if console.interrupted else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
