"""One reply as it grows: tokens in, typed pieces of text out, and when it is over.

`max_new_tokens` counts every token, thoughts included: a thought that uses them all leaves no
answer, unless `thinking_budget` ends it before. Stop strings hold for the answer only, and, as in
vLLM, not within the first `min_new_tokens`. Pure Python; knows nothing of models or sampling.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.engine.local.reasoning import Kind, Reasoning, Span
from bot.engine.local.vocabulary import Prompt, Vocabulary
from bot.engine.stops import Watch
from bot.types import FinishReason, Logprob, SamplingParams


@dataclass(frozen=True, slots=True)
class Piece:
    """`tokens` is how many this text took, with those before it that showed none."""

    kind: Kind
    text: str
    tokens: int
    logprobs: tuple[Logprob, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    pieces: tuple[Piece, ...]
    finish: FinishReason | None = None


class Transcript:
    """`forced` are tokens to feed next, from its left, instead of sampled ones; each is pushed
    like any other. Whatever ends the reply, `close` gives the rest of its text."""

    def __init__(self, vocabulary: Vocabulary, prompt: Prompt, params: SamplingParams):
        self.forced: deque[int] = deque()
        self._vocabulary, self._params = vocabulary, params
        self._reasoning = Reasoning(vocabulary, prompt)
        self._stops = Watch(params.stop)
        self._stopped = self._ending_thought = False
        self._on_new_line = True
        self._counts: dict[Kind, int] = {"reasoning": 0, "text": 0}
        self._untold: dict[Kind, list[Logprob | None]] = {"reasoning": [], "text": []}
        self._keep_to_budget()

    @property
    def kind(self) -> Kind:
        """Of what comes next; `reasoning` at the end says that the answer never began."""
        return self._reasoning.kind

    @property
    def reasoning_tokens(self) -> int:
        """Tags included."""
        return self._counts["reasoning"]

    @property
    def text_tokens(self) -> int:
        return self._counts["text"]

    @property
    def tokens(self) -> int:
        return self.reasoning_tokens + self.text_tokens

    def push(self, token: int, logprob: Logprob | None = None) -> Step:
        """Takes the next token of the reply, sampled or forced."""
        kind, spans = self.kind, tuple[Span, ...]()
        ended = token in self._vocabulary.eos_ids
        if not ended:
            spans = tuple(self._reasoning.push(token))
        self._counts[kind] += 1
        self._untold[kind].append(logprob)
        if kind == "text" and self.kind == "reasoning":
            self._retell()
        pieces = tuple(self._pieces(spans))
        self._keep_to_budget()
        if ended or self._stopped:
            return Step(pieces, "stop")
        return Step(pieces, "length" if self.tokens >= self._params.max_new_tokens else None)

    def answer_now(self) -> None:
        """Ends the thought by force; does nothing where none is going on. May be called again."""
        if self.kind == "reasoning" and not self._ending_thought:
            self._ending_thought = True
            self.forced.extend(self._vocabulary.end_of_thought(new_line=not self._on_new_line))

    def close(self) -> tuple[Piece, ...]:
        """What waited for more: bytes of half a character, the beginning of a stop string."""
        pieces = [*self._pieces(self._reasoning.close())]
        if held := "" if self._stopped else self._stops.close():
            pieces.append(self._piece("text", held))
        rest: tuple[Kind, ...] = tuple(kind for kind, untold in self._untold.items() if untold)
        return (*pieces, *(self._piece(kind, "") for kind in rest))

    def _retell(self) -> None:
        """All tokens so far were the beginning of a thought."""
        self._untold = {"reasoning": self._untold["text"], "text": []}
        self._counts = {"reasoning": self.tokens, "text": 0}

    def _keep_to_budget(self) -> None:
        budget = self._params.thinking_budget
        if budget is not None and self.reasoning_tokens >= budget:
            self.answer_now()

    def _pieces(self, spans: Iterable[Span]) -> Iterator[Piece]:
        for kind, text in spans:
            shown = text if kind == "reasoning" else self._until_stop(text)
            if shown:
                self._on_new_line = shown.endswith("\n")
                if kind == "text" and self._untold["reasoning"]:
                    yield self._piece("reasoning", "")  # the tag that ended the thought
                yield self._piece(kind, shown)

    def _until_stop(self, text: str) -> str:
        if self._stopped:
            return ""
        if self.tokens <= self._params.min_new_tokens:
            return text
        found = self._stops.push(text)
        self._stopped = found.match is not None
        return found.before

    def _piece(self, kind: Kind, text: str) -> Piece:
        untold, self._untold[kind] = self._untold[kind], []
        logprobs = tuple(logprob for logprob in untold if logprob is not None)
        return Piece(kind, text, len(untold), logprobs)
