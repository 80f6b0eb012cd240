from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.arguments import Value, parse
from bot.errors import CommandError
from bot.types import CommandSpec, Parameter

SET = CommandSpec(
    "set",
    "",
    (Parameter("name", "", choices=("seed", "top_p")), Parameter("value", "")),
)
RATE = CommandSpec("rate", "", (Parameter("n", "", type="number", minimum=0, maximum=2),))
COUNT = CommandSpec("count", "", (Parameter("n", "", type="integer", minimum=1, maximum=9),))


def test_the_last_text_takes_all_the_rest() -> None:
    assert parse(SET, "seed  a b  c ") == {"name": "seed", "value": "a b  c"}


def test_a_choice_is_told_with_the_others() -> None:
    with pytest.raises(CommandError, match="seed, top_p"):
        parse(SET, "volume 3")


def test_a_choice_misspelt_is_told_the_nearest() -> None:
    with pytest.raises(CommandError, match="'sede': did you mean seed"):
        parse(SET, "sede 3")


def test_what_is_missing_is_named_with_the_usage() -> None:
    with pytest.raises(CommandError, match="value is missing: /set <name> <value>"):
        parse(SET, "seed")


def test_a_comma_is_a_decimal_sign() -> None:
    assert parse(RATE, "0,5") == {"n": 0.5}


@pytest.mark.parametrize("word", ["nan", "inf", "-1", "2.01", "🙂", "one", "1e9"])
def test_a_number_outside_its_range_is_refused(word: str) -> None:
    with pytest.raises(CommandError):
        parse(RATE, word)


def test_more_words_than_parameters_are_refused() -> None:
    with pytest.raises(CommandError, match="more than it takes"):
        parse(COUNT, "3 4")


def parsed(spec: CommandSpec, text: str) -> dict[str, Value] | str:
    """The values, or the sentence that refuses the text."""
    try:
        return parse(spec, text)
    except CommandError as error:
        return str(error)


@given(st.text(max_size=4000))
def test_any_text_parses_or_is_refused_in_one_sentence(text: str) -> None:
    for spec in (SET, RATE, COUNT):
        match parsed(spec, text):
            case str(sentence):
                assert "\n" not in sentence
                assert len(sentence) < 300
            case values:
                assert all(isinstance(v, str) or math.isfinite(v) for v in values.values())
