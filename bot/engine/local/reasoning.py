"""Tells a model's thoughts from its answer while both come.

A thought is at the very start or nowhere: the prompt opened it, or the model's first token does.
It ends with the first end tag. After that, and after a start without one, tags are prose.
Where the tags are tokens of their own, only those tokens count: the same letters spelled by
several tokens are prose too. Otherwise the text is watched for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Literal, NamedTuple

from bot.engine.local.vocabulary import Prompt, Vocabulary
from bot.engine.stops import Watch

Kind = Literal["reasoning", "text"]


class Span(NamedTuple):
    kind: Kind
    text: str


class Phase(Enum):
    UNDECIDED = "nothing but space so far: a thought may begin"
    THOUGHT = "within the thought"
    ANSWER = "within the answer"


class Reasoning:
    """Takes tokens, gives spans of text, without tags and the newlines right after them."""

    def __init__(self, vocabulary: Vocabulary, prompt: Prompt):
        self._vocabulary, self._tags = vocabulary, vocabulary.think
        self._detokenizer = vocabulary.detokenizer(prompt.ids if prompt.continues else ())
        self._by_id = self._tags.end_id is not None
        self._watch = Watch(() if self._by_id else (self._tags.end,))
        self._blank = ""
        self._phase = Phase.UNDECIDED if prompt.may_think else Phase.ANSWER
        self._trim = False
        if prompt.in_thought:
            self._enter(Phase.THOUGHT)

    @property
    def kind(self) -> Kind:
        return "reasoning" if self._phase is Phase.THOUGHT else "text"

    def push(self, token: int) -> Iterator[Span]:
        if self._phase is Phase.UNDECIDED and token == self._tags.start_id:
            self._switch(Phase.THOUGHT)
        elif self._phase is Phase.THOUGHT and token == self._tags.end_id:
            yield from self._tell(self._detokenizer.close())
            self._switch(Phase.ANSWER)
        else:
            yield from self._tell(self._detokenizer.push(token))

    def close(self) -> Iterator[Span]:
        """What waited for more."""
        yield from self._tell(self._detokenizer.close())
        if held := self._watch.close() or self._blank:
            yield Span(self.kind, held)

    def _tell(self, text: str) -> Iterator[Span]:
        text = text.lstrip("\n") if self._trim else text
        if not text:
            return
        self._trim = False
        match self._phase:
            case Phase.UNDECIDED:
                yield from self._decide(self._blank + text)
            case Phase.THOUGHT:
                yield from self._watch_for_end(text)
            case Phase.ANSWER:
                yield Span("text", text)

    def _decide(self, text: str) -> Iterator[Span]:
        letters, start = text.lstrip(), "" if self._by_id else self._tags.start
        if start and letters.startswith(start):
            self._enter(Phase.THOUGHT)
            yield from self._tell(letters.removeprefix(start))
        elif not letters or start.startswith(letters):
            self._blank = text
        else:
            self._enter(Phase.ANSWER)
            self._trim = False
            yield Span("text", text)

    def _watch_for_end(self, text: str) -> Iterator[Span]:
        found = self._watch.push(text)
        if found.before:
            yield Span("reasoning", found.before)
        if found.match:
            self._enter(Phase.ANSWER)
            yield from self._tell(found.after)

    def _switch(self, phase: Phase) -> None:
        """At a tag that is a token: its neighbours' text has nothing to do with each other."""
        self._detokenizer = self._vocabulary.detokenizer()
        self._enter(phase)

    def _enter(self, phase: Phase) -> None:
        self._phase, self._trim, self._blank = phase, True, ""
