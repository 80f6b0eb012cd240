"""Entities and markup, and how long a text may be."""

from __future__ import annotations

import pytest

from bot.testing.telegram import TelegramServer
from tests.testing.telegram.client import Client


async def test_the_limit_counts_after_entities_are_parsed(
    server: TelegramServer, bot: Client
) -> None:
    chat = server.person(1, "Ann").says("hi").chat
    await bot.call("sendMessage", chat_id=1, text=f"*{'x' * 4096}*", parse_mode="MarkdownV2")
    assert "too long" in await bot.refused("sendMessage", chat_id=1, text="x" * 4097)
    assert "too long" in await bot.refused("sendMessage", chat_id=1, text="<b></b>" * 5000)
    assert "empty" in await bot.refused("sendMessage", chat_id=1, text=" \n ")
    assert len(server.said(chat)) == 1


@pytest.mark.parametrize(
    ("text", "entities", "why"),
    [
        ("abc", [(0, 4)], "beyond"),
        ("abc", [(-1, 2)], "wrong offset"),
        ("abc", [(0, 0)], "wrong offset"),
        ("a😀b", [(0, 2)], "surrogate"),
        ("a😀b", [(2, 2)], "surrogate"),
        ("abcdef", [(0, 4), (2, 4)], "cross"),
    ],
)
async def test_bad_entities_are_refused(
    server: TelegramServer, bot: Client, text: str, entities: list[tuple[int, int]], why: str
) -> None:
    server.person(1, "Ann").says("hi")
    given = [{"type": "bold", "offset": o, "length": n} for o, n in entities]
    error = await bot.refused("sendMessage", chat_id=1, text=text, entities=given)
    assert error.startswith("Bad Request: can't parse entities")
    assert why in error


async def test_code_holds_nothing_and_quotes_do_not_nest(
    server: TelegramServer, bot: Client
) -> None:
    server.person(1, "Ann").says("hi")
    for outer, inner in [("code", "bold"), ("bold", "code"), ("blockquote", "blockquote")]:
        given = [
            {"type": outer, "offset": 0, "length": 3},
            {"type": inner, "offset": 1, "length": 1},
        ]
        assert "part of" in await bot.refused("sendMessage", chat_id=1, text="abc", entities=given)


@pytest.mark.parametrize(
    ("mode", "text", "error"),
    [
        ("MarkdownV2", "a.b", "Character '.' is reserved and must be escaped"),
        ("MarkdownV2", "*a", "Can't find end of Bold entity at byte offset 0"),
        ("MarkdownV2", "ü `a", "Can't find end of Code entity at byte offset 3"),
        ("MarkdownV2", "[a](b", "Can't find end of a URL"),
        ("HTML", "a < b", "Unclosed start tag at byte offset 2"),
        ("HTML", "<foo>a</foo>", 'Unsupported start tag "foo" at byte offset 0'),
        ("HTML", "<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("HTML", "<b>a</i>", 'expected "</b>", found "</i>"'),
        ("HTML", "a</b>", "Unexpected end tag at byte offset 1"),
    ],
)
async def test_markup_errors_are_telegrams(
    server: TelegramServer, bot: Client, mode: str, text: str, error: str
) -> None:
    server.person(1, "Ann").says("hi")
    said = await bot.refused("sendMessage", chat_id=1, text=text, parse_mode=mode)
    assert said.startswith("Bad Request: can't parse entities: ")
    assert error in said


@pytest.mark.parametrize(
    ("mode", "source", "text", "entities"),
    [
        ("MarkdownV2", "*a _b_*", "a b", [("bold", 0, 3), ("italic", 2, 1)]),
        ("MarkdownV2", r"1\.5", "1.5", []),
        ("MarkdownV2", "```py\nx=1```", "x=1", [("pre", 0, 3)]),
        ("MarkdownV2", ">a\n>b\nc", "a\nb\nc", [("blockquote", 0, 3)]),
        ("MarkdownV2", "**>a\n>b||", "a\nb", [("expandable_blockquote", 0, 3)]),
        ("MarkdownV2", "[x](http://y)", "x", [("text_link", 0, 1)]),
        ("HTML", "😀<b>a</b>", "😀a", [("bold", 2, 1)]),
        ("HTML", '<pre><code class="language-py">x</code></pre>', "x", [("pre", 0, 1)]),
        ("HTML", "<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", 0, 1)]),
        ("HTML", "1 &lt; 2", "1 < 2", []),
    ],
)
async def test_markup_becomes_entities(
    server: TelegramServer,
    bot: Client,
    mode: str,
    source: str,
    text: str,
    entities: list[tuple[str, int, int]],
) -> None:
    server.person(1, "Ann").says("hi")
    sent = await bot.call("sendMessage", chat_id=1, text=source, parse_mode=mode)
    found = [(e["type"], e["offset"], e["length"]) for e in sent.get("entities", [])]
    assert (sent["text"], found) == (text, entities)
