"""Embeds. https://docs.discord.com/developers/resources/message#embed-object-embed-limits"""

from __future__ import annotations

from typing import Any

from bot.testing.discord.checks.form import Form

MOST, MOST_FIELDS, LONGEST_TOGETHER = 10, 25, 6000


def check_embeds(embeds: Form) -> None:
    listed = embeds.items(MOST)
    for embed in listed:
        if embed.object():
            _check(embed)
    sizes = [_size(embed.value) for embed in listed if isinstance(embed.value, dict)]
    if sum(sizes) > LONGEST_TOGETHER:
        embeds.wrong(
            "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {LONGEST_TOGETHER}"
        )


def _check(embed: Form) -> None:
    embed["title"].text(0, 256, optional=True)
    embed["description"].text(0, 4096, optional=True)
    embed["color"].number(0, 0xFFFFFF)
    if "footer" in embed:
        embed["footer"]["text"].text(1, 2048)
    if "author" in embed:
        embed["author"]["name"].text(1, 256)
    for field in embed["fields"].items(MOST_FIELDS):
        field["name"].text(1, 256)
        field["value"].text(1, 1024)


def _size(embed: dict[str, Any]) -> int:
    given = embed.get("fields")
    fields = given if isinstance(given, list) else []
    texts = [
        embed.get("title"),
        embed.get("description"),
        _part(embed.get("footer"), "text"),
        _part(embed.get("author"), "name"),
        *(_part(field, key) for field in fields for key in ("name", "value")),
    ]
    return sum(len(text) for text in texts if isinstance(text, str))


def _part(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
