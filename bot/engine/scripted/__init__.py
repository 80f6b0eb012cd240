"""An engine that says what its script tells it to, token by token, faults included.

For tests, demonstrations and authors of plugins: it keeps every promise of `bot.engine` without a
model. A word is a token. Parameters that choose between tokens are accepted and mean nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

from pydantic import Field

from bot.engine import Section, Stream
from bot.engine.line import Line
from bot.engine.scripted.script import Entry, Kind, reply_to, size
from bot.errors import EngineDied, PromptTooLong
from bot.types import (
    Chunk,
    Control,
    EngineStatus,
    FinishReason,
    Message,
    ModelInfo,
    Progress,
    SamplingParams,
    Usage,
)


class ScriptedConfig(Section):
    tokens_per_second: float = Field(default=50.0, ge=0)
    """Of each stream; 0 is at once."""
    script: tuple[Entry, ...] = ()
    """The first entry that matches answers; where none does, the message is repeated."""
    concurrency: int = Field(default=4, ge=1)
    """Streams that run at once."""
    max_queue: int = Field(default=16, ge=0)
    """Streams that may wait; the next one is told that the model is busy."""
    context_window: int = Field(default=8192, ge=16)
    """Tokens of prompt and reply together."""


class ScriptedEngine:
    Config: ClassVar[type[ScriptedConfig]] = ScriptedConfig

    def __init__(
        self,
        config: ScriptedConfig,
        home: Path | None = None,
        progress: Progress | None = None,
    ):
        self._config = config
        reasons = any(entry.thinking for entry in config.script)
        self.info = ModelInfo("scripted", config.context_window, reasons=reasons)
        self._line = Line(config.concurrency, config.max_queue)
        self._closed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._closed.clear()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._closed.set()
        self._line.stir()

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        return size(messages)

    def status(self) -> EngineStatus:
        running = self._line.served
        return EngineStatus(
            alive=not self._closed.is_set(),
            queued=self._line.waiting,
            running=running,
            room=self._line.free,
            tokens_per_second=running * self._config.tokens_per_second,
        )

    async def stream(
        self, messages: Sequence[Message], params: SamplingParams, control: Control | None = None
    ) -> Stream:
        prompt = size(messages)
        room = self._config.context_window - prompt
        if room <= 0:
            raise PromptTooLong(prompt, self._config.context_window)
        account = _Account(prompt, min(params.max_new_tokens, room), params.time_limit)
        with self._line.ticket() as ticket:
            while position := self._line.position(ticket):
                moved = self._line.moved
                yield self._line.waits(position)
                await moved.wait()
                self._check_alive()
            reply = reply_to(self._config.script, messages, params)
            with self._line.service():
                account.start()
                await self._pause(reply.entry.delay)
                for kind, token in reply.tokens(control or Control()):
                    if account.spent:
                        break
                    await self._pause(self._seconds_a_token)
                    yield account.chunk(kind, token)
        yield account.end()

    @property
    def _seconds_a_token(self) -> float:
        speed = self._config.tokens_per_second
        return 1 / speed if speed else 0.0

    async def _pause(self, seconds: float) -> None:
        """Lets others run even for 0. Raises EngineDied as soon as the engine is closed."""
        try:
            async with asyncio.timeout(seconds):
                await self._closed.wait()
        except TimeoutError:
            return
        self._check_alive()

    def _check_alive(self) -> None:
        if self._closed.is_set():
            raise EngineDied("The engine was stopped while it was answering.")


@dataclass(slots=True)
class _Account:
    """What one stream has said, and how long it took."""

    prompt: int
    limit: int
    time_limit: float | None
    joined: float = field(default_factory=time.monotonic)
    started: float = 0.0
    first: float | None = None
    said: dict[Kind, int] = field(default_factory=lambda: {"reasoning": 0, "text": 0})
    finish: FinishReason = "stop"

    def start(self) -> None:
        self.started = time.monotonic()

    @property
    def spent(self) -> bool:
        """Whether the tokens or the seconds of this request are used up."""
        if sum(self.said.values()) >= self.limit:
            self.finish = "length"
        elif self.time_limit is not None and time.monotonic() - self.started >= self.time_limit:
            self.finish = "time"
        return self.finish != "stop"

    def chunk(self, kind: Kind, token: str) -> Chunk:
        self.first = self.first or time.monotonic()
        self.said[kind] += 1
        return Chunk(kind, token, tokens=1)

    def end(self) -> Chunk:
        now = time.monotonic()
        usage = Usage(
            prompt_tokens=self.prompt,
            reasoning_tokens=self.said["reasoning"],
            text_tokens=self.said["text"],
            queue_seconds=self.started - self.joined,
            first_token_seconds=(self.first or now) - self.joined,
            total_seconds=now - self.joined,
        )
        return Chunk("text", "", finish=self.finish, usage=usage)
