"""CommonMark documents to split, and what a reader sees of one."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
BLANK = set(" \t\n\r|:-")
"""White space, and what a table is drawn with."""
STYLES = {"strong", "em", "s", "blockquote"}

Seen = tuple[str, frozenset[str]]


def characters(document: str) -> list[Seen]:
    """Each visible character and its style: emphasis, code with its language, quotes."""
    return list(_characters(PARSER.parse(document), []))


def _characters(tokens: list[Token], styles: list[str]) -> Iterator[Seen]:
    for token in tokens:
        if token.type == "inline":
            yield from _characters(token.children or [], styles)
        elif token.tag in STYLES:
            styles.append(token.tag) if token.nesting > 0 else styles.remove(token.tag)
        elif token.type in ("fence", "code_block", "code_inline", "text", "text_special"):
            style = frozenset([*styles, *_code(token)])
            yield from ((c, style) for c in token.content if c not in BLANK)


def _code(token: Token) -> list[str]:
    """A block without a language counts as plain: a table may become one."""
    if token.type == "code_inline":
        return ["code"]
    return [token.info.strip()] if token.type == "fence" and token.info else []


def numbers(document: str) -> dict[str, int]:
    """The number that each item of an ordered list shows, by the word that the item begins with."""
    found: dict[str, int] = {}
    counters: list[int] = []
    pending: int | None = None
    for token in PARSER.parse(document):
        if token.type == "ordered_list_open":
            counters.append(int(token.attrGet("start") or 1) if token.attrs else 1)
        elif token.type == "ordered_list_close":
            counters.pop()
        elif token.type == "list_item_open" and token.info:
            pending = counters[-1]
            counters[-1] += 1
        elif token.type == "inline" and pending is not None:
            found[token.content.split()[0]], pending = pending, None
    return found


def has_open_fence(document: str) -> bool:
    """Whether a fence is closed by the document's end and not by a line of its own."""
    lines = document.splitlines()
    return any(
        not lines[token.map[1] - 1].strip(" >").startswith(token.markup)
        or token.map[1] - 1 == token.map[0]
        for token in PARSER.parse(document)
        if token.type == "fence" and token.map
    )


# --- making documents ------------------------------------------------------------------------

LETTERS = [*"abcdefghij", "é", "ü", "漢", "😀", "👩‍👩‍👧", "e\u0301", "🇩🇪"]


def word(number: int) -> str:
    """Begins and ends with a letter, with anything between: all marks can stand beside it."""
    middle = ""
    while number:
        number, letter = divmod(number, len(LETTERS))
        middle += LETTERS[letter]
    return f"x{middle}y"


WORD = st.integers(0, 17**7).map(word)
PLAIN = st.lists(WORD, min_size=1, max_size=8).map(" ".join)
MARKUP = st.sampled_from(["**", "*", "`", "~~"])
MARKED = st.builds(lambda mark, text: mark + text + mark, MARKUP, PLAIN)
NESTED = st.builds(lambda a, b, c: f"**{a} *{b}* {c}**", PLAIN, PLAIN, PLAIN)
LINK = PLAIN.map(lambda text: f"[{text[:8].strip()}](http://x.y/z)")
SENTENCE = (
    st.lists(PLAIN | MARKED | NESTED | LINK, min_size=1, max_size=4).map(" ".join).map("{}.".format)
)
PARAGRAPH = st.lists(SENTENCE, min_size=1, max_size=3).map("\n".join)
HEADING = st.builds(lambda level, text: "#" * level + " " + text[:20], st.integers(1, 3), PLAIN)
CODE = st.lists(PLAIN.map("  {}".format) | PLAIN | st.just(""), max_size=12).map("\n".join)
FENCE = st.builds(
    lambda mark, language, code: f"{mark}{language}\n{code}\n{mark}",
    st.sampled_from(["```", "~~~", "````"]),
    st.sampled_from(["", "py", "rust"]),
    CODE,
)
TABLE = st.lists(WORD, min_size=1, max_size=12).map(
    lambda words: "| a | b |\n|---|---|\n" + "\n".join(f"| {w} | {w} |" for w in words)
)


def indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line if line else line for line in text.split("\n"))


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def listed(kind: str, items: list[tuple[int, str, str]]) -> str:
    """Items begin with words of their own, by which they are told apart."""
    lines = []
    for index, (number, text, inner) in enumerate(items, 1):
        marker = {"-": "-", "counted": f"{index}.", "ones": "1."}[kind]
        body = f"item{index}n{number} {text}" + (f"\n{inner}" if inner else "")
        lines.append(marker + indented(body, len(marker) + 1)[len(marker) :])
    return "\n".join(lines)


def lists(kinds: list[str], inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    item = st.tuples(st.integers(0, 10**6), PLAIN, st.just("") | inner)
    return st.builds(listed, st.sampled_from(kinds), st.lists(item, min_size=1, max_size=7))


LIST = lists(["-", "counted", "ones"], FENCE | lists(["-"], FENCE))
BLOCK = PARAGRAPH | HEADING | FENCE | TABLE | LIST | PARAGRAPH.map(quoted) | FENCE.map(quoted)
DOCUMENT = st.lists(BLOCK, min_size=1, max_size=5).map("\n\n".join)
NOISE = st.text(
    st.sampled_from([*"ab \n*_`~[]()>|-1.#\\&!<\t", "é", "😀", "\u0301", "\u200d", "👩"]),
    max_size=600,
)
