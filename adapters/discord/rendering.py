"""From CommonMark to Discord's own Markdown: what it lacks is written with what it has.

Most is the same in both. The text is never longer than its source: where it would be, the source
itself is shown. https://support.discord.com/hc/en-us/articles/210298617
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from markdown_it import MarkdownIt
from markdown_it.token import Token

RULE = "———"
DEEPEST_HEADING = 3
SPOILER = "||"

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_UNSENDABLE = {0: "\ufffd"} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
_HEADING = re.compile(r"^( {0,3})#{4,6}[ \t]+(.*?)[ \t]*#*[ \t]*$")
_QUOTES = re.compile(r"^( {0,3}>[ \t]?){2,}")
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_STRONG = re.compile(r"(?<![\w\\])__(?=\S)(.+?)(?<=\S)__(?!\w)", re.DOTALL)
_IMAGE = re.compile(r"(?<!\\)!(?=\[[^\]\n]*\]\([^)\n]+\))")


def render(source: str, collapsible: str = "") -> str:
    """`collapsible` is plain text, shown beneath as a spoiler."""
    source, collapsible = source.translate(_UNSENDABLE), collapsible.translate(_UNSENDABLE)
    text = _translated(source)
    if len(text) > len(source) or not text.strip():
        text = source
    return f"{text}\n{spoiler(collapsible)}".strip() if collapsible.strip() else text


def spoiler(text: str) -> str:
    return f"{SPOILER}{text.strip().replace(SPOILER, '¦¦')}{SPOILER}"


def _translated(source: str) -> str:
    lines = source.split("\n")
    verbatim: set[int] = set()
    gone: set[int] = set()
    for token in reversed(_PARSER.parse(source)):
        if token.map is None:
            continue
        first, last = token.map
        match token.type:
            case "fence" | "code_block":
                verbatim.update(range(first, last))
            case "table_open":
                verbatim.update(range(first, last))
                lines[first] = _table(lines[first:last])
                gone.update(range(first + 1, last))
            case "hr":
                lines[first] = lines[first].replace(lines[first].strip(" >"), RULE)
            case "heading_open":
                _flatten(lines, token, first)
    kept = [(line, n in verbatim) for n, line in enumerate(lines) if n not in gone]
    return "\n".join(_inline(kept))


def _table(lines: list[str]) -> str:
    """As it was written, less the line under its head: only in fixed width do its columns stand in
    line."""
    head, _, *rows = lines
    return "```\n" + "\n".join([head, *rows]).rstrip() + "\n```"


def _flatten(lines: list[str], token: Token, line: int) -> None:
    if int(token.tag[1:]) > DEEPEST_HEADING and (found := _HEADING.match(lines[line])):
        lines[line] = f"{found[1]}**{found[2]}**" if found[2] else ""


def _inline(lines: Iterable[tuple[str, bool]]) -> Iterator[str]:
    """Runs of lines that are no code, each with its styles as Discord writes them."""
    for verbatim, run in groupby(lines, key=lambda line: line[1]):
        text = [line for line, _ in run]
        if verbatim:
            yield from text
        else:
            yield _styled("\n".join(_QUOTES.sub("> ", line) for line in text))


def _styled(text: str) -> str:
    """`__bold__` is underlined in Discord, and a picture is a link."""
    return "".join(
        part if is_code else _IMAGE.sub("", _STRONG.sub(r"**\1**", part))
        for part, is_code in _parts(text, _CODE.finditer(text))
    )


def _parts(text: str, code: Iterable[re.Match[str]]) -> Iterator[tuple[str, bool]]:
    end = 0
    for span in code:
        yield text[end : span.start()], False
        yield span[0], True
        end = span.end()
    yield text[end:], False
