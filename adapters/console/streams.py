"""Standard input and output without blocking the event loop or holding up its end.

A daemon thread does each call, because nothing else works alike for pipes, terminals, regular
files and /dev/null, and because asyncio's own threads are joined at exit: a read that never
returns would keep the process alive. The calls go to the descriptors, past Python's buffered
files, whose locks a thread still reading would hold while the interpreter shuts down.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import threading
from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

T = TypeVar("T")

_CHUNK = 1 << 16


async def lines(descriptor: int) -> AsyncGenerator[bytes]:
    """The lines of a stream without their ends; the last one may lack its end. Raises OSError."""
    rest = bytearray()
    while chunk := await _apart(lambda: _read(descriptor)):
        *whole, tail = chunk.split(b"\n")
        for line in whole:
            yield bytes(rest + line)
            rest.clear()
        rest += tail
    if rest:
        yield bytes(rest)


async def write(descriptor: int, data: bytes) -> None:
    """Write all of `data`, however slow the reader is. Raises OSError."""
    await _apart(lambda: _write(descriptor, data))


def _read(descriptor: int) -> bytes:
    select.select([descriptor], [], [])  # whoever shares the stream may have made it non-blocking
    return os.read(descriptor, _CHUNK)


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        select.select([], [descriptor], [])
        with contextlib.suppress(BlockingIOError):
            rest = rest[os.write(descriptor, rest[:_CHUNK]) :]


async def _apart(call: Callable[[], T]) -> T:
    """Like asyncio.to_thread, but a call that never returns does not outlive the loop's wish."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(set_outcome: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(lambda: None if future.done() else set_outcome())

    def work() -> None:
        try:
            result = call()
        except OSError as error:
            failure = error
            settle(lambda: future.set_exception(failure))
        else:
            settle(lambda: future.set_result(result))

    threading.Thread(target=work, name="console", daemon=True).start()
    return await future
