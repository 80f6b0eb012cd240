from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import Command
from bot.commands.arguments import Value, parse
from bot.commands.built_in import BUILT_IN
from bot.errors import CommandError
from bot.types import Attachment, CommandSpec, Parameter

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


@pytest.mark.parametrize("word", ["nan", "inf", "1e999", "²", "1_0", "3️⃣", "\0"])
def test_without_a_range_a_number_is_still_a_number(word: str) -> None:
    anything = CommandSpec("any", "", (Parameter("n", "", type="number"),))
    with pytest.raises(CommandError, match="n is a number, not"):
        parse(anything, word)


def test_what_the_network_told_apart_is_taken_as_it_is() -> None:
    assert parse(SET, "", {"name": "seed", "value": "a b"}) == {"name": "seed", "value": "a b"}
    with pytest.raises(CommandError, match="value is missing"):
        parse(SET, "", {"name": "seed"})


SAY = CommandSpec("say", "", (Parameter("to", ""), Parameter("text", "", long=True)))


def test_a_long_text_may_be_in_a_file() -> None:
    file = Attachment("a.txt", "text/plain", 9, " from\na file ")
    assert parse(SAY, "ben", files=[file]) == {"to": "ben", "text": "from\na file"}
    assert parse(SAY, "ben typed", files=[file]) == {"to": "ben", "text": "typed"}


def test_a_file_that_no_text_can_be_had_of_is_named() -> None:
    with pytest.raises(CommandError, match=r"I can't read `cat\.jpg`"):
        parse(SAY, "ben", files=[Attachment("cat.jpg", "image/jpeg", 9)])


def parsed(spec: CommandSpec, text: str) -> dict[str, Value] | str:
    """The values, or the sentence that refuses the text."""
    try:
        return parse(spec, text)
    except CommandError as error:
        return str(error)


ANY = st.text(max_size=4000) | st.from_regex(r"[\w\s,.+-]{0,60}")


@given(ANY)
def test_any_text_parses_or_is_refused_in_one_sentence(text: str) -> None:
    for spec in (SET, RATE, COUNT, SAY):
        match parsed(spec, text):
            case str(sentence):
                assert sentence.isprintable()
                assert len(sentence) < 300
            case values:
                assert all(isinstance(v, str) or math.isfinite(v) for v in values.values())
                assert "\0" not in "".join(v for v in values.values() if isinstance(v, str))


@given(st.sampled_from(BUILT_IN), ANY)
def test_any_text_behind_a_command_is_understood_or_refused_in_one_sentence(
    command: Command, text: str
) -> None:
    for spec in (*command.spec.subcommands, command.spec):
        match parsed(spec, text):
            case str(sentence):
                assert sentence.isprintable()
                assert len(sentence) < 300
