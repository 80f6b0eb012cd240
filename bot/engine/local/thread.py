"""The life of the worker thread: load the model, serve until told to stop, say how it ended."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import structlog

from bot.engine.local.config import LocalConfig
from bot.engine.local.mailbox import Ended, Inbox, Outbox, Ready
from bot.engine.local.progress import Progress

log = structlog.get_logger(__name__)

SPINS = 4000
"""Some 10 µs of waiting."""


def spin_briefly() -> None:
    """Tells OpenMP's threads how to wait for each other, unless the owner did.

    By default they spin for milliseconds: where other processes use the same cores, that makes a
    step ten times slower. If they sleep at once, waking them for each of the hundreds of little
    products of a step makes it half as slow again on idle cores. libgomp reads this when torch is
    first imported (https://gcc.gnu.org/onlinedocs/libgomp/GOMP_005fSPINCOUNT.html).
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))


def serve(
    config: LocalConfig, home: Path, inbox: Inbox, outbox: Outbox, progress: Progress
) -> None:
    """The thread's target. Its last letter is Ended, whatever happens."""
    try:
        _serve(config, home, inbox, outbox, progress)
    except BaseException as problem:
        log.error("the engine's thread died", exc_info=problem)
        outbox(Ended(problem.with_traceback(None)))  # its frames would keep the model alive
    else:
        outbox(Ended())


def _serve(
    config: LocalConfig, home: Path, inbox: Inbox, outbox: Outbox, progress: Progress
) -> None:
    spin_briefly()
    import torch

    from bot.engine.local.choice import choose
    from bot.engine.local.loader import load
    from bot.engine.local.packed import pack
    from bot.engine.local.worker import Worker

    loaded = load(config, home, progress)
    with torch.inference_mode():
        pack(loaded.model)
        runner = choose(
            loaded, block_size=config.block_size, max_batch=config.max_batch, progress=progress
        )
        worker = Worker(loaded, runner, config, inbox, outbox)
        outbox(Ready(worker.info))
        worker.run()


def logged(told: Progress, abandoned: Callable[[], bool]) -> Progress:
    """Progress into the log too, a line for each new thing; ends a load that nobody awaits."""
    last = ""

    def progress(what: str, share: float) -> None:
        nonlocal last
        if abandoned():
            raise InterruptedError("nobody waits for the model any more")
        told(what, share)
        if what != last:
            last = what
            log.info("loading", what=what)

    return progress
