"""A conversation as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bot.types import Message


def as_markdown(messages: Sequence[Message], names: Sequence[str]) -> str:
    """A heading for each message; its text, which is Markdown already, as it is."""
    parts = (
        f"## {name}, {message.time:%Y-%m-%d %H:%M} UTC\n\n{message.text.rstrip()}\n"
        for name, message in zip(names, messages, strict=True)
    )
    return "\n".join(parts)


def as_json(messages: Sequence[Message], model: str) -> str:
    content = {"model": model, "messages": [_as_dict(message) for message in messages]}
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _as_dict(message: Message) -> dict[str, Any]:
    author = message.author
    return {
        "role": message.role,
        "author": None if author is None else {"id": str(author), "name": author.name},
        "time": message.time.isoformat(),
        "text": message.text,
    }
