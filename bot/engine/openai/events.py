"""What a server streams: Server-Sent Events, each with a piece of the reply.

https://html.spec.whatwg.org/multipage/server-sent-events.html; every field that a server sends is
checked here, since it is a foreigner's.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Any

from bot.errors import RequestFailed

DONE = "[DONE]"


@dataclass(frozen=True, slots=True)
class Tokens:
    """As the server counts them; None is what it doesn't say."""

    prompt: int | None = None
    reused: int | None = None
    completion: int | None = None
    reasoning: int | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    reasoning: str = ""
    text: str = ""
    finish: str = ""
    tokens: Tokens | None = None


async def deltas(lines: AsyncIterable[bytes]) -> AsyncIterator[Delta]:
    """Raises RequestFailed for an error that comes in the middle of a stream."""
    async for line in lines:
        name, _, data = line.decode("utf-8", "replace").strip().partition(":")
        if name != "data" or not (data := data.strip()):
            continue
        if data == DONE:
            return
        yield delta(data)


def delta(data: str) -> Delta:
    """Raises RequestFailed."""
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        raise RequestFailed("The model's server sent something that is not JSON.") from None
    if not isinstance(event, dict):
        return Delta()
    if event.get("error"):
        raise RequestFailed("The model's server broke off: {why}", why=complaint(event))
    choices = event.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else {}
    choice = choice if isinstance(choice, dict) else {}
    said = choice.get("delta") if isinstance(choice.get("delta"), dict) else choice
    return Delta(
        _text(said, "reasoning") or _text(said, "reasoning_content"),
        _text(said, "content") or _text(said, "text"),
        _text(choice, "finish_reason"),
        _tokens(event.get("usage")),
    )


def complaint(answer: Any) -> str:
    """What an error says, in the several forms that servers have for it, on one line."""
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    message = error.get("message", error) if isinstance(error, dict) else error
    return " ".join(str(message).split())[:300]


def _text(fields: Any, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _tokens(usage: Any) -> Tokens | None:
    if not isinstance(usage, dict):
        return None
    return Tokens(
        _count(usage, "prompt_tokens"),
        _count(usage.get("prompt_tokens_details"), "cached_tokens"),
        _count(usage, "completion_tokens"),
        _count(usage.get("completion_tokens_details"), "reasoning_tokens"),
    )


def _count(fields: Any, name: str) -> int | None:
    value = fields.get(name) if isinstance(fields, dict) else None
    return value if isinstance(value, int) and value >= 0 else None
