"""The event loop's side of the local engine: streams of chunks out of one worker thread.

The only file of this room that knows asyncio. Commands go in through a queue; what a step gave
comes back by one call_soon_threadsafe. Nothing here touches torch.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import ClassVar, Self

import structlog

from bot.engine import Stream
from bot.engine.local.config import LocalConfig
from bot.engine.local.mailbox import (
    Beat,
    Beaten,
    Cancel,
    Count,
    Counted,
    Ended,
    Event,
    Inbox,
    Mail,
    Ready,
    Report,
    Stop,
    Submit,
)
from bot.engine.local.progress import silent
from bot.engine.local.thread import logged, serve
from bot.errors import ChinwagError, EngineBusy, EngineDied, EngineError, ModelUnavailable
from bot.types import (
    Chunk,
    Control,
    EngineStatus,
    Finding,
    Message,
    ModelInfo,
    Progress,
    SamplingParams,
    Waiting,
)

log = structlog.get_logger(__name__)

STOP_SECONDS = 30.0
"""A step takes a second or so; a thread that needs longer is left to end with the process."""


class LocalEngine:
    """Satisfies Engine and Heartbeat. Entering again after the thread died starts a new one."""

    Config: ClassVar[type[LocalConfig]] = LocalConfig
    info: ModelInfo

    def __init__(self, config: LocalConfig, home: Path, progress: Progress = silent) -> None:
        self._config, self._home, self._progress = config, home, progress
        self._life: _Life | None = None

    async def __aenter__(self) -> Self:
        self._life = _Life(self._config, self._home, self._progress)
        self.info = await self._life.begin()
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._life is not None:
            await self._life.end()

    async def probe(self) -> Sequence[Finding]:
        from bot.engine.local.probe import probe

        return await asyncio.to_thread(probe, self._config, self._home, self._progress)

    async def stream(
        self, messages: Sequence[Message], params: SamplingParams, control: Control | None = None
    ) -> Stream:
        life = self._alive()
        life.require_room()
        with life.letterbox() as (number, letters):
            control = control or Control()
            life.inbox.put(Submit(number, tuple(messages), params, control, time.monotonic()))
            while True:
                match await letters.get():
                    case EngineError() as error:
                        raise error
                    case Waiting() as waiting:
                        yield waiting
                    case Chunk(finish=finish) as chunk:
                        yield chunk
                        if finish:
                            return

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        life = self._alive()
        with life.letterbox() as (number, letters):
            life.inbox.put(Count(number, tuple(messages)))
            match await letters.get():
                case Counted(tokens):
                    return tokens
                case EngineError() as error:
                    raise error
                case other:
                    raise TypeError(f"not an answer to a count: {other}")

    async def beat(self) -> None:
        life = self._alive()
        with life.letterbox() as (number, letters):
            life.inbox.put(Beat(number))
            match await letters.get():
                case Beaten():
                    return
                case EngineError() as error:
                    raise error

    def status(self) -> EngineStatus:
        return self._life.status if self._life else EngineStatus(alive=False)

    def _alive(self) -> _Life:
        if self._life is None or not self._life.status.alive:
            raise _died(None)
        return self._life


class _Life:
    """One life of the worker thread, with the letterboxes of all who wait for it."""

    def __init__(self, config: LocalConfig, home: Path, progress: Progress) -> None:
        self.inbox: Inbox = SimpleQueue()
        self.status = EngineStatus(alive=False)
        self._config = config
        self._place_seconds: float | None = None
        self._letterboxes: dict[int, asyncio.Queue[Event]] = {}
        self._numbers = itertools.count()
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[ModelInfo] = self._loop.create_future()
        self._ended = asyncio.Event()
        watched = logged(progress, self._ready.cancelled)
        self._thread = threading.Thread(
            target=serve,
            args=(config, home, self.inbox, self._post, watched),
            name="engine",
            daemon=True,
        )

    async def begin(self) -> ModelInfo:
        """Returns once the model is loaded. Cancelling it ends the load soon."""
        self._thread.start()
        try:
            return await self._ready
        except asyncio.CancelledError:
            await self.end()
            raise

    async def end(self) -> None:
        """Returns once the thread is gone: a process that ends over one within torch is aborted."""
        self.inbox.put(Stop())
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._ended.wait()
                await asyncio.to_thread(self._thread.join, STOP_SECONDS)
        except TimeoutError:
            log.warning("the engine's thread does not end", seconds=STOP_SECONDS)

    def require_room(self) -> None:
        """Raises EngineBusy."""
        waiting = len(self._letterboxes) - self.status.running
        if waiting >= self._config.max_queue:
            raise EngineBusy(waiting, self._place_seconds)

    @contextmanager
    def letterbox(self) -> Iterator[tuple[int, asyncio.Queue[Event]]]:
        """Where the events of a new number arrive. Leaving it cancels what is still under way. It
        holds no more than one reply's chunks, however slow its reader."""
        number = next(self._numbers)
        letters = self._letterboxes[number] = asyncio.Queue()
        try:
            yield number, letters
        finally:
            del self._letterboxes[number]
            self.inbox.put(Cancel(number))

    def _post(self, mail: Mail) -> None:
        """Called by the thread, once a step."""
        try:
            self._loop.call_soon_threadsafe(self._receive, mail)
        except RuntimeError:  # the loop is closed and nobody is left to serve
            self.inbox.put(Stop())

    def _receive(self, mail: Mail) -> None:
        if isinstance(mail, Report):
            self.status, self._place_seconds = mail.status, mail.place_seconds
            for number, event in mail.events:
                self._deliver(number, event)
        elif isinstance(mail, Ready):
            self.status = EngineStatus()
            if not self._ready.done():
                self._ready.set_result(mail.info)
        else:
            self._bury(mail)

    def _deliver(self, number: int, event: Event) -> None:
        if number in self._letterboxes:
            self._letterboxes[number].put_nowait(event)

    def _bury(self, ended: Ended) -> None:
        """The thread is gone: nobody may wait for it any longer."""
        self.status = EngineStatus(alive=False)
        for number in self._letterboxes:
            self._deliver(number, _died(ended.problem))
        if not self._ready.done():
            self._ready.set_exception(_not_loaded(ended.problem))
        self._ended.set()


def _died(problem: BaseException | None) -> EngineDied:
    if problem is None:
        return EngineDied("The model's engine has stopped: please try again in a minute.")
    return EngineDied(
        "The model's engine has stopped ({problem}): please try again in a minute.",
        problem=type(problem).__name__,
    )


def _not_loaded(problem: BaseException | None) -> ChinwagError:
    if isinstance(problem, ChinwagError):
        return problem
    return ModelUnavailable(
        f"The model could not be loaded ({type(problem).__name__}: {problem}): "
        "the log has the details."
    )
