"""parse_mode HTML, with Telegram's errors. https://core.telegram.org/bots/api#html-style"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from bot.testing.telegram.entities import Entity
from bot.testing.telegram.failures import cant_parse
from bot.testing.telegram.markup.builder import Builder

KINDS = {
    "b": "bold", "strong": "bold",
    "i": "italic", "em": "italic",
    "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "span": "spoiler", "tg-spoiler": "spoiler",
    "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
}  # fmt: skip

_TOKEN = re.compile(r"<(?P<end>/?)(?P<tag>[^\s>/]*)(?P<rest>[^>]*)>|(?P<text>[^<]+)")
_ATTRIBUTE = re.compile(r"""([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")


@dataclass(frozen=True, slots=True)
class Open:
    tag: str
    attributes: dict[str, str]
    start: int


def parse(source: str) -> tuple[str, list[Entity]]:
    """Raises 400 "can't parse entities"."""
    builder, open_, at = Builder(), list[Open](), 0
    while at < len(source):
        offset = len(source[:at].encode())
        match = _TOKEN.match(source, at)
        if match is None:
            raise cant_parse(f"Unclosed start tag at byte offset {offset}")
        at = match.end()
        if match["text"] is not None:
            builder.add(html.unescape(match["text"]))
        elif match["end"]:
            _close(builder, open_, match["tag"].lower(), offset)
        else:
            open_.append(_opened(match, builder.length, offset))
    if open_:
        raise cant_parse(f'Can\'t find end tag corresponding to start tag "{open_[-1].tag}"')
    return builder.result()


def _opened(match: re.Match[str], start: int, offset: int) -> Open:
    tag = match["tag"].lower()
    attributes = {
        name.lower(): html.unescape(a or b or c)
        for name, a, b, c in _ATTRIBUTE.findall(match["rest"])
    }
    if tag not in KINDS:
        raise cant_parse(f'Unsupported start tag "{tag}" at byte offset {offset}')
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise cant_parse(f'Tag "span" must have class "tg-spoiler" at byte offset {offset}')
    return Open(tag, attributes, start)


def _close(builder: Builder, open_: list[Open], tag: str, offset: int) -> None:
    if not open_:
        raise cant_parse(f"Unexpected end tag at byte offset {offset}")
    last = open_.pop()
    if tag not in ("", last.tag):
        raise cant_parse(
            f'Unmatched end tag at byte offset {offset}, expected "</{last.tag}>", found "</{tag}>"'
        )
    kind, extra = KINDS[last.tag], dict[str, str]()
    if kind == "text_link":
        if not (url := last.attributes.get("href", "")):
            return
        extra["url"] = url
    if kind == "code" and open_ and open_[-1].tag == "pre":
        language = last.attributes.get("class", "").removeprefix("language-")
        open_[-1].attributes["language"] = language
        return
    if kind == "pre" and last.attributes.get("language"):
        extra["language"] = last.attributes["language"]
    if kind == "blockquote" and "expandable" in last.attributes:
        kind = "expandable_blockquote"
    builder.mark(kind, last.start, **extra)
