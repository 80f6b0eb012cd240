"""systemd's notify protocol, over a real datagram socket."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from bot.service.notify import Notifier
from tests.service.systemd import Systemd, parsed


def test_each_thing_said_is_one_datagram(tmp_path: Path) -> None:
    with Systemd(tmp_path) as systemd:
        notifier = Notifier.of_environment(systemd.environ)
        notifier.loading("reading the weights", 0.421)
        notifier.ready("serving telegram")
        notifier.alive("serving telegram")
        notifier.reloading()
        notifier.stopping("waiting for 2 replies", 30)
        loading, ready, alive, reloading, stopping = systemd.drain()
    assert loading == {"STATUS": "reading the weights, 42%", "EXTEND_TIMEOUT_USEC": "600000000"}
    assert ready == {"READY": "1", "STATUS": "serving telegram"}
    assert alive == {"WATCHDOG": "1", "STATUS": "serving telegram"}
    assert reloading.keys() == {"RELOADING", "MONOTONIC_USEC"}
    assert stopping == {
        "STOPPING": "1",
        "STATUS": "waiting for 2 replies",
        "EXTEND_TIMEOUT_USEC": "30000000",
    }


def test_an_abstract_socket_is_one(tmp_path: Path) -> None:
    name = f"chinwag-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        Notifier.of_environment({"NOTIFY_SOCKET": f"@{name}"}).alive("well")
        assert parsed(listening.recv(100)) == {"WATCHDOG": "1", "STATUS": "well"}


def test_a_status_cannot_say_anything_else(tmp_path: Path) -> None:
    with Systemd(tmp_path) as systemd:
        Notifier.of_environment(systemd.environ).unwell("a\nSTOPPING=1")
        assert systemd.drain() == [{"STATUS": "a STOPPING=1"}]


def test_nobody_to_be_told_is_no_failure(tmp_path: Path) -> None:
    Notifier.of_environment({}).ready("serving")
    Notifier(str(tmp_path / "nobody")).ready("serving")
    with Systemd(tmp_path) as systemd:
        notifier = Notifier.of_environment(systemd.environ)
        for _ in range(10_000):  # nobody reads: the socket's buffer is full long before
            notifier.alive("serving")


def test_a_watchdog_is_kept_only_for_the_process_that_it_is_meant_for() -> None:
    mine, other = str(os.getpid()), str(os.getppid())
    assert Notifier.of_environment({"WATCHDOG_USEC": "1500000"}).watchdog == 1.5
    for pid, watchdog in ((mine, 1.5), (other, None)):
        environ = {"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": pid}
        assert Notifier.of_environment(environ).watchdog == watchdog
    assert Notifier.of_environment({}).watchdog is None
    assert Notifier.of_environment({"WATCHDOG_USEC": "0"}).watchdog is None
