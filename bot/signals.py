"""Signals, as the event loop sees them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

log = structlog.get_logger(__name__)

INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended."""


@contextmanager
def asked_to_end() -> Iterator[asyncio.Future[int]]:
    """A future that is done, with the exit code, once a signal asks to end. A second signal ends
    the process at once, by its ordinary effect."""
    loop = asyncio.get_running_loop()
    asked: asyncio.Future[int] = loop.create_future()
    codes = {signal.SIGTERM: 0, signal.SIGINT: INTERRUPTED}

    def ask(received: signal.Signals) -> None:
        log.info("ending", signal=received.name)
        asked.set_result(codes[received])
        release()

    def release() -> None:
        for number in codes:
            loop.remove_signal_handler(number)

    for number in codes:
        loop.add_signal_handler(number, ask, number)
    try:
        yield asked
    finally:
        release()


@contextmanager
def hangups() -> Iterator[asyncio.Event]:
    """An event that SIGHUP sets, instead of ending the process. Not for a program that a person
    talks with: a terminal that is gone ends what runs in it."""
    loop = asyncio.get_running_loop()
    hung_up = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, hung_up.set)
    try:
        yield hung_up
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
