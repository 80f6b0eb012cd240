"""The script: which user message gets which reply, and what goes wrong on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, model_validator

from bot.engine import Section
from bot.errors import RequestFailed
from bot.types import Control, Message, SamplingParams

Kind = Literal["reasoning", "text"]

_GROUP = re.compile(r"\\(\d)")


class Entry(Section):
    """One rule: for the user messages in which `match` is found."""

    match: re.Pattern[str]
    thinking: str = ""
    text: str = ""
    r"""\1 to \9 stand for the groups of `match`, \0 for all that it found; so in `thinking`."""
    delay: float = Field(default=0.0, ge=0)
    """Seconds before the first token."""
    error: str = ""
    """Fail with this text, after `error_after` tokens or at the end of a shorter reply."""
    error_after: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _groups_exist(self) -> Self:
        for number in _GROUP.findall(self.thinking + self.text):
            if int(number) > self.match.groups:
                raise ValueError(rf"\{number} is used, but match has {self.match.groups} groups")
        return self


ECHO = Entry(match=re.compile(r"(?s).*"), text=r"You said: \0")
"""Answers where no entry matches."""


@dataclass(frozen=True, slots=True)
class Reply:
    thinking: Sequence[str]
    text: Sequence[str]
    entry: Entry

    def tokens(self, control: Control) -> Iterator[tuple[Kind, str]]:
        """Raises RequestFailed where the script says so."""
        for said, token in enumerate(self._tokens(control)):
            if self.entry.error and said == self.entry.error_after:
                break
            yield token
        if self.entry.error:
            raise RequestFailed(self.entry.error)

    def _tokens(self, control: Control) -> Iterator[tuple[Kind, str]]:
        for token in self.thinking:
            if control.answer_now:
                break
            yield "reasoning", token
        for token in self.text:
            yield "text", token


def reply_to(script: Sequence[Entry], messages: Sequence[Message], params: SamplingParams) -> Reply:
    """What the first entry that matches the last user message says, within `params`."""
    question = next((m.text for m in reversed(messages) if m.role == "user"), "")
    found = ((entry, entry.match.search(question)) for entry in (*script, ECHO))
    entry, match = next((entry, match) for entry, match in found if match)
    text = _up_to_stop(_filled(entry.text, match), params.stop)
    begun = messages[-1].text if messages and messages[-1].role == "assistant" else ""
    if begun or not params.thinking:
        thinking = []
    else:
        thinking = words(_filled(entry.thinking, match))[: params.thinking_budget]
    return Reply(thinking, words(text.removeprefix(begun)), entry)


def words(text: str) -> list[str]:
    """The tokens of this engine; joined they are the text again."""
    return re.findall(r"\S+\s*|\s+", text)


def size(messages: Sequence[Message]) -> int:
    """In tokens; each message costs one more than its words."""
    return sum(1 + len(words(message.text)) for message in messages)


def _filled(template: str, match: re.Match[str]) -> str:
    return _GROUP.sub(lambda group: match[int(group[1])] or "", template)


def _up_to_stop(text: str, stop: Sequence[str]) -> str:
    return text[: min((at for s in stop if (at := text.find(s)) >= 0), default=len(text))]
