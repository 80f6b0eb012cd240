"""The border to a language model: what an engine must do.

An engine is a class under the entry-point group ``chinwag.engines``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

from pydantic import BaseModel

from bot.section import Secret as Secret
from bot.section import Section as Section
from bot.types import (
    Chunk,
    Control,
    EngineStatus,
    Message,
    ModelInfo,
    Progress,
    SamplingParams,
    Waiting,
)

Stream = AsyncGenerator[Waiting | Chunk, None]


class Engine(Protocol):
    """Entering loads the model."""

    @property
    def info(self) -> ModelInfo:
        """Known once entered."""

    async def __aenter__(self) -> Self:
        """Raises ModelUnavailable or ModelTooLarge."""

    async def __aexit__(self, *exc: object) -> None:
        """Streams still running end with EngineDied."""

    def stream(
        self, messages: Sequence[Message], params: SamplingParams, control: Control | None = None
    ) -> Stream:
        """Any number of Waiting, then chunks, the last of which (and no other) has a finish reason
        and usage. Closing the generator cancels within one step.

        Where the last message is the assistant's, the reply goes on from its end.
        Raises EngineBusy before the first chunk, PromptTooLong, RequestFailed or EngineDied.
        """

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Of the prompt as the model would see it, template included."""

    def status(self) -> EngineStatus: ...


class EngineFactory(Protocol):
    """What the entry point names, an engine's class as a rule. Building does no I/O."""

    @property
    def Config(self) -> type[BaseModel]:  # noqa: N802 – a class by nature
        """What stands under ``engine``."""

    def __call__(self, config: Any, home: Path, progress: Progress) -> Engine:
        """From a validated `Config`; loading tells `progress` how far it is."""


@runtime_checkable
class Heartbeat(Protocol):
    """An engine that computes where the event loop can't see it: in a thread of its own."""

    async def beat(self) -> None:
        """Return once whatever computes has come to answer, between two steps; a watchdog takes
        one that does not return for stuck. Raises EngineDied."""
