"""systemd's notify protocol: one datagram with assignments, to the socket that systemd named.

https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Notifier:
    """From any thread; never waits and never fails. `socket` is empty where nobody listens;
    `watchdog` is how many seconds systemd waits for a sign of life, None where it does not."""

    socket: str = ""
    watchdog: float | None = None

    @classmethod
    def of_environment(cls, environ: Mapping[str, str] = os.environ) -> Notifier:
        """What systemd put there: for this process, not for one that started it."""
        mine = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        microseconds = environ.get("WATCHDOG_USEC", "") if mine else ""
        watchdog = int(microseconds) / 1e6 if microseconds.isdecimal() else None
        return cls(environ.get("NOTIFY_SOCKET", ""), watchdog or None)

    def loading(self, what: str, share: float) -> None:
        """Satisfies Progress. Systemd waits on as long as there is any."""
        self._send(STATUS=f"{what}, {share:.0%}", EXTEND_TIMEOUT_USEC=_microseconds(LOADING))

    def waiting(self, status: str, seconds: float) -> None:
        """What takes time now; systemd may not lose patience for so long."""
        self._send(STATUS=status, EXTEND_TIMEOUT_USEC=_microseconds(seconds))

    def ready(self, status: str) -> None:
        """Started, or done with reloading."""
        self._send(READY=1, STATUS=status)

    def alive(self, status: str) -> None:
        self._send(WATCHDOG=1, STATUS=status)

    def unwell(self, status: str) -> None:
        """Up and no use: no sign of life."""
        self._send(STATUS=status)

    def reloading(self) -> None:
        self._send(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)

    def stopping(self, status: str, seconds: float) -> None:
        """From now on, for at most so long."""
        self._send(STOPPING=1, STATUS=status, EXTEND_TIMEOUT_USEC=_microseconds(seconds))

    def _send(self, **state: object) -> None:
        if not self.socket:
            return
        said = "\n".join(f"{name}={_one_line(value)}" for name, value in state.items())
        address = "\0" + self.socket[1:] if self.socket.startswith("@") else self.socket
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.setblocking(False)
                out.sendto(said.encode(), address)
        except OSError as error:  # a full or vanished socket is no reason to end
            log.debug("systemd was not told", why=str(error))


LOADING = 600.0
"""Seconds that a load may take without any progress: a hub can be as slow as that."""


def _one_line(value: object) -> str:
    return " ".join(str(value).split())


def _microseconds(seconds: float) -> int:
    return round(seconds * 1e6)
