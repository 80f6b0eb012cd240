"""systemd's end of the notify protocol: a datagram socket, and what arrived there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

Said = Mapping[str, str]


class Systemd:
    """`environ` is what a unit's processes get from it; `watchdog` is in seconds."""

    def __init__(self, folder: Path, watchdog: float | None = None):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(str(folder / "notify"))
        self.environ = {"NOTIFY_SOCKET": str(folder / "notify")}
        if watchdog is not None:
            self.environ["WATCHDOG_USEC"] = str(round(watchdog * 1e6))
        self.said: list[Said] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._socket.close()

    def drain(self) -> list[Said]:
        """All that has arrived so far."""
        while True:
            try:
                self.said.append(parsed(self._socket.recv(4096)))
            except BlockingIOError:
                return self.said

    async def hears(self, holds: Callable[[Said], bool]) -> Said:
        """The next datagram of which this holds, with those before it in `said`."""
        loop = asyncio.get_running_loop()
        while True:
            self.said.append(parsed(await loop.sock_recv(self._socket, 4096)))
            if holds(self.said[-1]):
                return self.said[-1]

    async def told(self, **state: str) -> Said:
        return await self.hears(lambda said: said.items() >= state.items())


def parsed(datagram: bytes) -> Said:
    return dict(line.split("=", 1) for line in datagram.decode().splitlines())
