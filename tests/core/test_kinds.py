"""What counts as a value of a setting, and what only looks like one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.effective import KINDS, dump, kind_of, load
from bot.errors import CommandError
from bot.kinds import Number, Text, Texts, Value

RATE = Number(0, 2)
COUNT = Number(0, 1_000_000, whole=True)
SEED = Number(0, 2**63 - 1, whole=True, optional=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.4", 0.4),
        ("0,4", 0.4),
        (".5", 0.5),
        ("1.", 1.0),
        ("+1", 1.0),
        ("1e-1", 0.1),
        ("٠٫٤", 0.4),
        ("０.４", 0.4),
    ],
)
def test_a_number_may_have_a_comma_or_the_digits_of_any_script(text: str, value: float) -> None:
    assert RATE.parse(text) == value


def test_nothing_is_less_than_zero_by_a_sign_alone() -> None:
    assert str(RATE.parse("-0")) == "0.0"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "-",
            ".",
            "nan",
            "inf",
            "-inf",
            "infinity",
            "1e999",
            "1e",
            "1_0",
            "0x1",
            "--1",
            "1 0",
        ),
        *("1,0,0", "0.4.", "one", "²", "½", "3️⃣", "🙂", "五", "\0", "1\0", "\ud800", "9" * 4000),
    ],
)
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    with pytest.raises(CommandError, match=r"is not a number from 0 to 2\."):
        RATE.parse(text)


@pytest.mark.parametrize("text", ["1.5", "1,5", "1.0", "1e3", "²", "1_000", "-1", "1000001"])
def test_a_whole_number_has_digits_alone_and_keeps_its_range(text: str) -> None:
    with pytest.raises(CommandError, match="is not a whole number from 0 to 1000000"):
        COUNT.parse(text)


def test_a_whole_number_may_have_the_digits_of_any_script() -> None:
    assert COUNT.parse("٤٢") == 42


@pytest.mark.parametrize("text", ["off", "none", "OFF"])
def test_what_is_optional_can_be_off(text: str) -> None:
    assert SEED.parse(text) is None
    with pytest.raises(CommandError):
        COUNT.parse(text)


def test_the_largest_seed_fits_and_the_next_one_does_not() -> None:
    assert SEED.parse(str(2**63 - 1)) == 2**63 - 1
    with pytest.raises(CommandError):
        SEED.parse(str(2**63))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("###", ("###",)),
        ("two words", ("two words",)),
        ('["a", "\\n"]', ("a", "\n")),
        ("[INST]", ("[INST]",)),
        ("[]", ()),
        ("off", ()),
    ],
)
def test_stop_texts_are_one_text_or_a_list(text: str, value: tuple[str, ...]) -> None:
    assert Texts(16, 200).parse(text) == value


@pytest.mark.parametrize("text", ["[1]", '[""]', '["a", null]', str(["a"] * 17), "x" * 201])
def test_a_list_of_anything_else_is_refused(text: str) -> None:
    with pytest.raises(CommandError):
        Texts(16, 200).parse(text.replace("'", '"'))


def test_a_text_is_made_storable_and_its_length_is_told() -> None:
    assert Text(10).parse("a\0b\ud800") == "a\ufffdb\ufffd"
    with pytest.raises(CommandError, match="That is 11 characters long; 10 is the most"):
        Text(10).parse("x" * 11)


def parsed(name: str, text: str) -> Value | CommandError:
    try:
        return kind_of(name).parse(text)
    except CommandError as error:
        return error


@given(st.sampled_from([*KINDS]), st.text(max_size=9000) | st.from_regex(r"[-+.,\de٣²]{1,12}"))
def test_any_text_is_a_value_or_is_refused_in_one_short_sentence(name: str, text: str) -> None:
    match parsed(name, text):
        case CommandError() as error:
            sentence = str(error)
            assert sentence.isprintable()
            assert len(sentence) < 300
        case value:
            assert not isinstance(value, float) or math.isfinite(value)
            assert load(dump(value)) == value
            dump(value).encode()
