"""What settings there are, and what holds at a place.

default → the model's own → config → server → chat → thread; the innermost that is set holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, get_args

from bot.errors import CommandError
from bot.kinds import Choice, Kind, Number, Text, Texts, Value, quoted
from bot.language import AUTO, languages
from bot.types import ContextMode, RespondMode, SamplingParams, ThinkingMode

MOST_TOKENS = 1_000_000

SAMPLING: Mapping[str, Kind] = {
    "temperature": Number(0, 2),
    "top_p": Number(0, 1),
    "top_k": Number(0, 1_000_000, whole=True),
    "min_p": Number(0, 1),
    "repetition_penalty": Number(0.1, 10),
    "presence_penalty": Number(-2, 2),
    "frequency_penalty": Number(-2, 2),
    "max_new_tokens": Number(1, MOST_TOKENS, whole=True),
    "thinking_budget": Number(0, MOST_TOKENS, whole=True, optional=True),
    "seed": Number(0, 2**63 - 1, whole=True, optional=True),
    "stop": Texts(most=16, longest=200),
}
KINDS: Mapping[str, Kind] = {
    **SAMPLING,
    "system_prompt": Text(8_000),
    "thinking": Choice(get_args(ThinkingMode)),
    "respond": Choice(get_args(RespondMode)),
    "context": Choice(get_args(ContextMode)),
    "language": Choice((AUTO, *languages())),
}


@dataclass(frozen=True, slots=True)
class Layer:
    """What is set at one step of the chain; `scope` is where the store has it, "" where not."""

    source: str
    values: Mapping[str, Any]
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds at a place; `sources` says for each name where its value comes from."""

    sampling: SamplingParams = field(default_factory=SamplingParams)
    system_prompt: str = ""
    thinking: ThinkingMode = "line"
    respond: RespondMode = "mention"
    context: ContextMode = "asked"
    language: str = AUTO
    sources: Mapping[str, str] = field(default_factory=dict)

    def with_values(self, values: Mapping[str, Any], source: str) -> Effective:
        here = {f.name for f in fields(self)}
        own: dict[str, Any] = {name: value for name, value in values.items() if name in here}
        sampling = {name: value for name, value in values.items() if name not in here}
        return replace(
            self,
            sampling=replace(self.sampling, **sampling),
            sources={**self.sources, **dict.fromkeys(values, source)},
            **own,
        )

    def value(self, name: str) -> Value:
        value: Value = getattr(self.sampling if name in SAMPLING else self, name)
        return value

    def source(self, name: str) -> str:
        return self.sources.get(name, "default")


def kind_of(name: str) -> Kind:
    """Raises CommandError."""
    if name not in KINDS:
        raise CommandError(
            "There is no setting {name}; there are: {names}.",
            name=quoted(name),
            names=", ".join(KINDS),
        )
    return KINDS[name]


def dump(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False)


def load(stored: str) -> Any:
    value = json.loads(stored)
    return tuple(value) if isinstance(value, list) else value
