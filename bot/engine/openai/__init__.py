"""Any server that speaks OpenAI's API: vLLM, SGLang, llama.cpp, Ollama, and OpenAI's own."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Self

import aiohttp

from bot.engine import Stream
from bot.engine.line import Line
from bot.engine.openai.config import Dialect, OpenAIConfig
from bot.engine.openai.events import Delta, deltas
from bot.engine.openai.probe import probe
from bot.engine.openai.rendering import Rendering
from bot.engine.openai.request import Body, chat, sampling
from bot.engine.openai.servers import Servers, dialect_of, session, window_of
from bot.engine.openai.speech import Speech
from bot.errors import EngineDied, RequestFailed
from bot.types import (
    Chunk,
    Control,
    EngineStatus,
    Finding,
    Message,
    ModelInfo,
    Progress,
    SamplingParams,
)

DEFAULT_WINDOW = 8192
"""Tokens, where neither the config nor the server says."""
GREETING = (Message("user", "Hello"),)
RECENT = 5.0
"""Seconds over which the speed is measured."""


class OpenAIEngine:
    Config: ClassVar[type[OpenAIConfig]] = OpenAIConfig

    def __init__(self, config: OpenAIConfig, home: Path, progress: Progress):
        self._config, self._progress = config, progress
        self.info = ModelInfo(config.model, config.context_window or DEFAULT_WINDOW)
        self._line = Line(config.concurrency, config.max_queue)
        self._recent: deque[float] = deque(maxlen=10_000)
        self._dialect: Dialect = "openai"
        self._opened = False
        self._closed = False
        self._session: aiohttp.ClientSession
        self._servers: Servers
        self._rendering: Rendering

    async def probe(self) -> Sequence[Finding]:
        return await probe(self._config)

    async def __aenter__(self) -> Self:
        config = self._config
        self._session = session(config)
        try:
            self._servers = Servers(config, self._session)
            self._progress("waiting for the model's server", 0.0)
            model = await self._servers.describe()
            self._dialect = dialect_of(model) if config.dialect == "auto" else config.dialect
            self._rendering = Rendering(self._servers, config.model, self._dialect)
            self._opened = await self._rendering.opens_thought(GREETING)
            self._progress("waiting for the model's server", 1.0)
        except BaseException:
            await self._session.close()
            raise
        window = config.context_window or window_of(model) or DEFAULT_WINDOW
        self.info = ModelInfo(config.model, window, reasons=config.reasons or self._opened)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._closed = True
        self._line.stir()
        await self._session.close()

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        return await self._rendering.count(messages)

    def status(self) -> EngineStatus:
        while self._recent and self._recent[0] < time.monotonic() - RECENT:
            self._recent.popleft()
        return EngineStatus(
            alive=not self._closed,
            queued=self._line.waiting,
            running=self._line.served,
            room=self._line.free,
            tokens_per_second=len(self._recent) / RECENT,
        )

    async def stream(
        self, messages: Sequence[Message], params: SamplingParams, control: Control | None = None
    ) -> Stream:
        joined = time.monotonic()
        with self._line.ticket() as ticket:
            while position := self._line.position(ticket):
                moved = self._line.moved
                yield self._line.waits(position)
                await moved.wait()
            self._check_open()
            with self._line.service():
                inside = self._opened and params.thinking and messages[-1].role != "assistant"
                speech = Speech(params, inside=inside, joined=joined)
                async with aclosing(self._said(messages, params, control, speech)) as said:
                    async for chunk in said:
                        self._recent.append(time.monotonic())
                        yield chunk
        for chunk in speech.end():
            yield chunk

    async def _said(
        self,
        messages: Sequence[Message],
        params: SamplingParams,
        control: Control | None,
        speech: Speech,
    ) -> AsyncGenerator[Chunk]:
        """Raises RequestFailed, EngineBusy or EngineDied."""
        body = chat(self._config.model, messages, params, self._dialect)
        async with aclosing(self._deltas("chat/completions", body)) as arriving:
            async for delta in arriving:
                for chunk in speech.take(delta):
                    yield chunk
                if speech.out_of_time or self._hurries(speech, control):
                    break
        if self._hurries(speech, control) and speech.finish is None:
            async with aclosing(self._answer_now(messages, params, speech)) as answer:
                async for chunk in answer:
                    yield chunk
        if not speech.finish:
            raise RequestFailed("The model's server ended the reply without saying why.")

    async def _answer_now(
        self, messages: Sequence[Message], params: SamplingParams, speech: Speech
    ) -> AsyncGenerator[Chunk]:
        path, body = await self._request_after_thought(messages, params, speech)
        speech.answer()
        async with aclosing(self._deltas(path, body)) as arriving:
            async for delta in arriving:
                for chunk in speech.take(replace(delta, reasoning="")):
                    yield chunk
                if speech.out_of_time:
                    return

    def _hurries(self, speech: Speech, control: Control | None) -> bool:
        asked = control is not None and control.answer_now
        return speech.thinks and (asked or speech.over_budget)

    async def _request_after_thought(
        self, messages: Sequence[Message], params: SamplingParams, speech: Speech
    ) -> tuple[str, Body]:
        """A request that goes on after the thought so far; beside a server that can't, one that
        answers without thinking."""
        rest = replace(params, max_new_tokens=speech.left)
        prompt = await self._rendering.after_thought(messages, speech.reasoning)
        if prompt is None:
            rest = replace(rest, thinking=False)
            return "chat/completions", chat(self._config.model, messages, rest, self._dialect)
        return "completions", sampling(self._config.model, rest, self._dialect) | {"prompt": prompt}

    async def _deltas(self, path: str, body: Body) -> AsyncGenerator[Delta]:
        try:
            async with self._servers.post(path, body) as response:
                async for delta in deltas(response.content):
                    yield delta
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            self._check_open()
            why = str(error) or type(error).__name__
            raise RequestFailed("The model's server broke off: {why}", why=f"{why}.") from error

    def _check_open(self) -> None:
        if self._closed:
            raise EngineDied("The engine was stopped while it was answering.")


__all__ = ["OpenAIConfig", "OpenAIEngine"]
