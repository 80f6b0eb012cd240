"""From what a bot sends – text with a parse_mode or with entities – to what a message shows."""

from __future__ import annotations

from dataclasses import dataclass

from bot.testing.telegram import entities as rules
from bot.testing.telegram.entities import Entity
from bot.testing.telegram.failures import bad_request
from bot.testing.telegram.markup import html, markdown

LONGEST_TEXT, LONGEST_CAPTION = 4096, 1024
"""Characters after entities parsing."""
LONGEST_SOURCE = 32_768
"""Bytes before it."""


@dataclass(frozen=True, slots=True)
class Formatted:
    text: str = ""
    entities: tuple[Entity, ...] = ()


def formatted(
    text: str,
    entities: object = None,
    parse_mode: str = "",
    *,
    limit: int = LONGEST_TEXT,
    may_be_empty: bool = False,
) -> Formatted:
    """Raises the 400 that Telegram would answer."""
    what = "message" if limit == LONGEST_TEXT else "message caption"
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST_SOURCE:
        raise bad_request(f"{what} is too long")
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise bad_request("strings must be encoded in UTF-8")
    text, found = _parsed(text.replace("\0", ""), entities, parse_mode)
    text, found = rules.trimmed(text, found)
    if not text and not may_be_empty:
        raise bad_request("message text is empty")
    if len(text) > limit:
        raise bad_request(f"{what} is too long")
    return Formatted(text, tuple(found))


def _parsed(text: str, entities: object, parse_mode: str) -> tuple[str, list[Entity]]:
    match parse_mode.lower():
        case "":
            return text, rules.checked(text, entities) if entities else []
        case "html":
            return html.parse(text)
        case "markdownv2":
            return markdown.parse(text)
    raise bad_request("unsupported parse_mode")
