"""Settings of a place: inherited, checked, changed from chat, and undone.

default → the model's own → config → server → chat → thread; the innermost that is set holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, get_args

from bot.errors import CommandError
from bot.language import AUTO, languages
from bot.store import SettingChange, Store
from bot.types import Place, RespondMode, SamplingParams, ThinkingMode, UserRef


@dataclass(frozen=True, slots=True)
class Number:
    """A number within a range, both ends included."""

    minimum: float
    maximum: float
    whole: bool = False

    def parse(self, text: str) -> float | int:
        try:
            value = int(text) if self.whole else float(text.replace(",", "."))
        except ValueError:
            raise CommandError(f"{text!r} is not {self}.") from None
        if not self.minimum <= value <= self.maximum:  # false for nan, too
            raise CommandError(f"{text} is not {self}.")
        return value

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {self.minimum:g} to {self.maximum:g}"


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple[str, ...]

    def parse(self, text: str) -> str:
        if text.lower() not in self.options:
            raise CommandError(f"{text!r} is not {self}.")
        return text.lower()

    def __str__(self) -> str:
        return "one of " + ", ".join(self.options)


@dataclass(frozen=True, slots=True)
class Text:
    longest: int

    def parse(self, text: str) -> str:
        if len(text) > self.longest:
            raise CommandError(f"That is {len(text)} characters long; {self.longest} is the most.")
        return text

    def __str__(self) -> str:
        return f"a text of up to {self.longest} characters"


KINDS: Mapping[str, Number | Choice | Text] = {
    "temperature": Number(0, 2),
    "top_p": Number(0, 1),
    "top_k": Number(0, 1_000_000, whole=True),
    "min_p": Number(0, 1),
    "repetition_penalty": Number(0.1, 10),
    "presence_penalty": Number(-2, 2),
    "frequency_penalty": Number(-2, 2),
    "max_new_tokens": Number(1, 1_000_000, whole=True),
    "thinking_budget": Number(0, 1_000_000, whole=True),
    "seed": Number(0, 2**63 - 1, whole=True),
    "system_prompt": Text(8_000),
    "thinking": Choice(get_args(ThinkingMode)),
    "respond": Choice(get_args(RespondMode)),
    "language": Choice((AUTO, *languages())),
}


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds at a place; `sources` says for each name where its value comes from."""

    sampling: SamplingParams = field(default_factory=SamplingParams)
    system_prompt: str = ""
    thinking: ThinkingMode = "line"
    respond: RespondMode = "mention"
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


def scopes_of(place: Place) -> dict[str, str]:
    """The scopes that hold at a place, the outermost first, with what people call them."""
    scopes = {}
    if place.server:
        scopes[f"server:{place.adapter}:{place.server}"] = "server"
    scopes[f"chat:{place.adapter}:{place.chat}"] = "chat"
    if place.thread:
        scopes[f"thread:{place.adapter}:{place.chat}:{place.thread}"] = "thread"
    return scopes


class Settings:
    def __init__(self, base: Effective, store: Store):
        self._base = base
        self._store = store

    async def effective(self, place: Place) -> Effective:
        scopes = scopes_of(place)
        stored = await self._store.settings(list(scopes))
        result = self._base
        for scope, called in scopes.items():
            values = {n: json.loads(v) for n, v in stored.get(scope, {}).items() if n in KINDS}
            result = result.with_values(values, called)
        return result

    async def languages(self, place: Place, user: UserRef | None) -> tuple[str, ...]:
        """In which to speak to somebody at a place, the first wish first."""
        effective = await self.effective(place)
        return effective.language, user.language if user else ""

    async def set(self, place: Place, name: str, text: str, by: UserRef) -> SettingChange:
        """Raises CommandError for a name or value that can't be."""
        value = json.dumps(_kind(name).parse(text.strip()))
        return await self._store.change(_innermost(place), name, value, by)

    async def unset(self, place: Place, name: str, by: UserRef) -> SettingChange:
        _kind(name)
        return await self._store.change(_innermost(place), name, None, by)

    async def undo(self, place: Place, by: UserRef) -> SettingChange:
        """Take back the last change at this place."""
        scope = _innermost(place)
        changes = await self._store.changes(scope, 1)
        if not changes:
            raise CommandError("Nothing has been set here yet.")
        return await self._store.change(scope, changes[0].name, changes[0].old, by)


def _innermost(place: Place) -> str:
    return list(scopes_of(place))[-1]


def _kind(name: str) -> Number | Choice | Text:
    if name not in KINDS:
        raise CommandError(f"There is no setting {name!r}; there are: {', '.join(KINDS)}.")
    return KINDS[name]
