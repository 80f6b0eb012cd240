"""Where a running text may be cut: after a sentence, a word, a grapheme. Last positions first.

Ends of sentences and words may lie within a grapheme: ask `between_graphemes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import regex

SENTENCE = re.compile(r"""[.!?…]["')\]»”’*_`]*\s+|[。！？]["')\]»”’」』]*\s*""")
WORD = re.compile(r"\s+")
GRAPHEME = regex.compile(r"\X")
UNRELATED = regex.compile(r"\p{GCB=Other}(?=\p{GCB=Other})")
"""Two characters that are surely two graphemes (UAX #29, rule GB999)."""
TAIL = 128
"""Characters in which a boundary is almost always found."""
LOOKS_LIKE_A_BLOCK = re.compile(r"(?:[-+*>|=~`#:]|\d{1,9}[.)](?:\s|$))")


def sentences(text: str, start: int) -> Iterator[int]:
    return _after(SENTENCE, text, start)


def words(text: str, start: int) -> Iterator[int]:
    return _after(WORD, text, start)


def graphemes(text: str, start: int) -> Iterator[int]:
    """`start` must be a boundary. The last one may go on after the text, so its end is none."""
    unrelated = UNRELATED.search(text, max(start, len(text) - TAIL))
    middle = unrelated.end() if unrelated else start
    yield from reversed([match.start() for match in GRAPHEME.finditer(text, middle)])
    yield from reversed([match.start() for match in GRAPHEME.finditer(text, start, middle)][1:])


def _after(pattern: re.Pattern[str], text: str, start: int) -> Iterator[int]:
    return reversed([match.end() for match in pattern.finditer(text, start)])


def between_graphemes(text: str, position: int) -> bool:
    """Right where nothing before the last character matters, as after spaces and full stops."""
    if position >= len(text):
        return False
    last = GRAPHEME.match(text, position - 1)
    return last is not None and last.end() == position


def looks_like_a_block(text: str, position: int) -> bool:
    """Whether words that begin a document here would become a list, a heading or the like."""
    return LOOKS_LIKE_A_BLOCK.match(text, position) is not None
