"""What an engine takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Progress = Callable[[str, float], None]
"""Called, from any thread, with what is being done and the share of it that is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How to choose tokens; the names and ranges are vLLM's and transformers'.

    temperature 0 is greedy; top_k 0, top_p 1 and min_p 0 are off; penalties of 1 (repetition)
    and 0 (presence, frequency) are off. `thinking_budget` is in tokens, `time_limit` in seconds.
    """

    temperature: float = 0.7
    top_p: float = 0.9
    top_k: int = 0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    seed: int | None = None
    max_new_tokens: int = 1024
    min_new_tokens: int = 0
    stop: tuple[str, ...] = ()
    thinking: bool = True
    thinking_budget: int | None = None
    time_limit: float | None = None
    logprobs: int | None = None


FinishReason = Literal["stop", "length", "time"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and seconds of one request. `reused_tokens` of the prompt came from the cache."""

    prompt_tokens: int = 0
    reused_tokens: int = 0
    reasoning_tokens: int = 0
    text_tokens: int = 0
    queue_seconds: float = 0.0
    first_token_seconds: float = 0.0
    total_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Logprob:
    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """The request is in line: `position` 1 is next; `seconds` is the expected wait, if known."""

    position: int
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of engine output. Only the last one of a stream has `finish` and `usage`."""

    kind: Literal["reasoning", "text"]
    text: str
    tokens: int = 0
    finish: FinishReason | None = None
    usage: Usage | None = None
    logprobs: tuple[Logprob, ...] = ()


class Control:
    """The caller's hand on a running stream; engines look at it between two tokens."""

    __slots__ = ("answer_now",)

    def __init__(self) -> None:
        self.answer_now = False


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """`context_window` is in tokens; `sampling` are the defaults that the model itself ships."""

    name: str
    context_window: int
    reasons: bool = False
    tools: bool = False
    sampling: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """`kv_used` is a share from 0 to 1; `memory` is in bytes; speeds are tokens a second; `room`
    is how many more streams would begin at once, 0 where that is not known."""

    alive: bool = True
    queued: int = 0
    running: int = 0
    room: int = 0
    tokens_per_second: float = 0.0
    kv_used: float = 0.0
    memory: int = 0
