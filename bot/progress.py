"""How far a long step is, shown to a person at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bot.types import Progress


def unseen(what: str, share: float) -> None:
    """Where nobody looks."""


def both(one: Progress, other: Progress) -> Progress:
    def show(what: str, share: float) -> None:
        one(what, share)
        other(what, share)

    return show


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on stderr that vanishes in the end; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield unseen
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)

        def show(what: str, share: float) -> None:
            bar.update(task, description=what, completed=share)

        yield show
