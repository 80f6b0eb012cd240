"""CommonMark as Discord shows it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.rendering import render


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("**bold** *it* ~~no~~ `code`", "**bold** *it* ~~no~~ `code`"),
        ("# one\n### three\n#### four #", "# one\n### three\n**four**"),
        ("__bold__ and a_b_c", "**bold** and a_b_c"),
        ("`__init__` and\n```\n__x__\n#### no\n```", "`__init__` and\n```\n__x__\n#### no\n```"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n\nend", "```\n| a | b |\n| 1 | 2 |\n```\n\nend"),
        ("a\n\n---\n\nb", "a\n\n———\n\nb"),
        ("> > twice", "> twice"),
        ("see ![a cat](https://x/c.png)", "see [a cat](https://x/c.png)"),
        ("a\n\n\n\nb", "a\n\n\n\nb"),
        ("```\nnever closed", "```\nnever closed"),
        ("a\0b\ud800", "a\ufffdb\ufffd"),
    ],
)
def test_what_discord_lacks_is_written_with_what_it_has(source: str, shown: str) -> None:
    assert render(source) == shown


def test_thoughts_are_a_spoiler_that_nothing_in_them_ends() -> None:
    assert render("line", " so || so ") == "line\n||so ¦¦ so||"
    assert render("", "so") == "||so||"


PIECES = st.sampled_from(
    [
        *("a ", "😀", "\n", "\n\n", "\t", "    ", "\\"),
        *("**", "__", "~~", "`", "```\n", "![a](b)"),
        *("# ", "##### ", "> ", "- ", "---\n"),
        *("|", "|---|", "| a | b |\n|---|---|\n| 1 | 2 |\n"),
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_it_is_never_longer_than_its_source_and_never_nothing(source: str) -> None:
    shown = render(source)
    assert len(shown) <= len(source)
    assert bool(shown.strip()) == bool(source.strip())
