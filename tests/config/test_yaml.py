"""YAML with lines: the core schema, and nothing that surprises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.config.yaml import Faulty, parse, scalar

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text("aé 1:#-'\n😀"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc1", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(PLAIN)
def test_what_a_common_writer_writes_is_read_back(data: Any) -> None:
    assert parse(yaml.safe_dump(data, allow_unicode=True)).data == data


def lines_of_faults(read: Callable[[str], object], text: str) -> list[int]:
    try:
        read(text)
    except Faulty as faulty:
        return [fault.line for fault in faulty.faults]
    return []


@given(st.text() | st.text("[]{}:-,&*!|>'\"%@`?# \n\tab1"), st.sampled_from([parse, scalar]))
def test_no_text_breaks_the_reader(text: str, read: Callable[[str], object]) -> None:
    lines = lines_of_faults(read, text)
    assert all(1 <= line <= len(text.splitlines()) + 1 for line in lines)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("off", "off"),
        ("yes", "yes"),
        ("12:30", "12:30"),
        ("2026-01-02", "2026-01-02"),
        ("1e3", 1000.0),
        ("0x1F", 31),
        ("0o17", 15),
        ("010", 10),
        ("-3", -3),
        ("True", True),
        ("~", None),
        ("", None),
        ("1.", 1.0),
        ("1_000", "1_000"),
    ],
)
def test_words_are_words_and_numbers_numbers(text: str, value: object) -> None:
    assert parse(f"a: {text}").data == {"a": value}
    assert scalar(text) == value


def test_every_key_and_item_knows_its_line() -> None:
    document = parse("a: 1\nb:\n  c:\n    - x\n    - y: 2\n")
    assert {path: line for path, line in document.lines.items() if path} == {
        ("a",): 1,
        ("b",): 2,
        ("b", "c"): 3,
        ("b", "c", 0): 4,
        ("b", "c", 1): 5,
        ("b", "c", 1, "y"): 5,
    }
