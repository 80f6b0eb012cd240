"""One reply as it comes: typed chunks out of deltas, and what it took."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bot.engine.openai.events import Delta, Tokens
from bot.engine.openai.thoughts import Kind, Thoughts
from bot.types import Chunk, FinishReason, SamplingParams, Usage


class Speech:
    """A piece counts as a token until the server says how many there were."""

    def __init__(self, params: SamplingParams, *, inside: bool, joined: float):
        self._params = params
        self._thoughts = Thoughts(inside)
        self._apart = False
        self._joined, self._begun = joined, time.monotonic()
        self._first: float | None = None
        self._told = Tokens()
        self.reasoning = ""
        self.counts: dict[Kind, int] = {"reasoning": 0, "text": 0}
        self.finish: FinishReason | None = None

    @property
    def left(self) -> int:
        """Tokens that the rest may have."""
        return max(1, self._params.max_new_tokens - sum(self.counts.values()))

    @property
    def thinks(self) -> bool:
        return not self.counts["text"] and self.counts["reasoning"] > 0

    @property
    def out_of_time(self) -> bool:
        return self.finish == "time"

    @property
    def over_budget(self) -> bool:
        budget = self._params.thinking_budget
        return budget is not None and self.counts["reasoning"] >= budget

    def take(self, delta: Delta) -> Iterator[Chunk]:
        self._apart = self._apart or bool(delta.reasoning)
        for kind, text in self._spans(delta):
            yield self._chunk(kind, text)
        if delta.finish:
            self.finish = "length" if delta.finish == "length" else "stop"
        self._told = delta.tokens or self._told
        limit = self._params.time_limit
        if limit is not None and time.monotonic() - self._begun > limit:
            self.finish = "time"

    def answer(self) -> None:
        """From here on it is the answer."""
        self._thoughts = Thoughts()
        self._thoughts.kind = "text"
        self.finish = None

    def end(self) -> Iterator[Chunk]:
        """The rest, and the last chunk."""
        for kind, text in self._thoughts.close():
            yield self._chunk(kind, text)
        last: Kind = "reasoning" if self.thinks else "text"
        yield Chunk(last, "", finish=self.finish or "stop", usage=self._usage())

    def _spans(self, delta: Delta) -> Iterator[tuple[Kind, str]]:
        if delta.reasoning:
            yield "reasoning", delta.reasoning
        if delta.text and self._apart:
            yield "text", delta.text
        elif delta.text:
            yield from self._thoughts.push(delta.text)

    def _chunk(self, kind: Kind, text: str) -> Chunk:
        if self._first is None:
            self._first = time.monotonic()
        if kind == "reasoning":
            self.reasoning += text
        self.counts[kind] += 1
        return Chunk(kind, text, tokens=1)

    def _usage(self) -> Usage:
        now, told = time.monotonic(), self._told
        counted = sum(self.counts.values())
        total = max(told.completion or 0, 0) or counted
        thought = told.reasoning or self.counts["reasoning"] * total // max(1, counted)
        return Usage(
            prompt_tokens=told.prompt or 0,
            reused_tokens=told.reused or 0,
            reasoning_tokens=min(thought, total),
            text_tokens=total - min(thought, total),
            queue_seconds=self._begun - self._joined,
            first_token_seconds=(self._first or now) - self._joined,
            total_seconds=now - self._joined,
        )
