"""CommonMark as Telegram shows it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import MessageEntity

from adapters.telegram.rendering import MOST_ENTITIES, plain, render
from bot.testing.telegram import entities as rules
from bot.types import Unit

MARKS = ("**", "*", "_", "~~", "`", "``", "```", "```py\n", "# ", "- ", "1. ", "1) ", "> ", ">")
TABLE = "| a | b |\n|---|---|\n| 1 | 2 |\n"
ODD = ("[", "](", ")", "http://x.y ", "![", "---\n", "<b>", "&amp;", "\\", "\0", "\ud800", "/help")
PLAIN = ("a", "word ", "😀", "e\u0301", "\n", "\n\n", "  ", "    ", "\t")

pieces = st.sampled_from((*MARKS, TABLE, *ODD, *PLAIN))
sources = st.lists(pieces, max_size=40).map("".join) | st.text(max_size=200)


def shape(source: str, collapsible: str = "") -> tuple[str, list[tuple[str, str]]]:
    """The text, and each entity with the text under it."""
    rendered = render(source, collapsible)
    encoded = rendered.text.encode("utf-16-le")
    return rendered.text, [
        (str(e.type), encoded[2 * e.offset : 2 * (e.offset + e.length)].decode("utf-16-le"))
        for e in rendered.entities
    ]


def as_json(entity: MessageEntity) -> dict[str, object]:
    return entity.to_dict()


@pytest.mark.slow
@settings(max_examples=400)
@given(sources, sources)
def test_entities_obey_telegram_whatever_the_source_is(source: str, collapsible: str) -> None:
    rendered = render(source, collapsible)
    found = [as_json(e) for e in rendered.entities]
    checked = rules.checked(rendered.text, found)
    assert rules.trimmed(rendered.text, checked) == (rendered.text, found)


@pytest.mark.slow
@settings(max_examples=400)
@given(sources)
def test_rendering_never_makes_a_text_longer(source: str) -> None:
    rendered = render(source)
    assert Unit.UTF16.count(rendered.text) <= Unit.UTF16.count(source)


@pytest.mark.slow
@settings(max_examples=200)
@given(sources)
def test_something_stays_of_whatever_is_said(source: str) -> None:
    assert bool(render(source).text) == bool(source.strip())


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("a **b *c* d**", "a b c d", [("bold", "b c d"), ("italic", "c")]),
        ("**a `b` c**", "a b c", [("bold", "a "), ("code", "b"), ("bold", " c")]),
        ("😀 **x**", "😀 x", [("bold", "x")]),
        ("# Head\ntext", "Head\ntext", [("bold", "Head")]),
        ("- a\n  - b\n- c", "• a\n  • b\n• c", []),
        ("3. a\n4. b", "3. a\n4. b", []),
        ("```py\nx = 1\n```", "x = 1", [("pre", "x = 1")]),
        ("> a\n> > b\n\nc", "a\nb\n\nc", [("blockquote", "a\nb")]),
        ("[x](http://y.z)", "x", [("text_link", "x")]),
        ("[x](y)", "x (y)", []),
        ("~~no~~ 1 < 2 & <b>", "no 1 < 2 & <b>", [("strikethrough", "no")]),
        ("a\n\n---\n\nb", "a\n\n———\n\nb", []),
        ("|a|b|\n|-|-|\n|1|2|", "|a|b|\n|-|-|\n|1|2|", [("pre", "|a|b|\n|-|-|\n|1|2|")]),
        ("    indented", "indented", [("pre", "indented")]),
    ],
)
def test_markdown_becomes_text_and_entities(
    source: str, text: str, entities: list[tuple[str, str]]
) -> None:
    assert shape(source) == (text, entities)


def test_code_keeps_its_language_and_its_indentation() -> None:
    rendered = render("```rust\n  let x;\n```")
    assert (rendered.text, rendered.entities[0].language) == ("  let x;", "rust")


def test_thoughts_fold_beneath_the_text() -> None:
    text, entities = shape("**Thoughts:**", "first\n*second*")
    assert text == "Thoughts:\nfirst\n*second*"
    assert entities == [("bold", "Thoughts:"), ("expandable_blockquote", "first\n*second*")]
    assert plain("**Thoughts:**", "first").text == "**Thoughts:**\nfirst"


def test_of_too_many_entities_the_code_blocks_are_kept() -> None:
    source = "\n\n".join(["**b** *i*"] * MOST_ENTITIES + ["```\ncode\n```"])
    rendered = render(source)
    assert len(rendered.entities) == MOST_ENTITIES
    assert rendered.entities[-1].type == "pre"
