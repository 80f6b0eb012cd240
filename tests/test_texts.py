"""What the bot says: every sentence in every language, none looked up before it is said."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Message

from bot import texts
from bot.errors import CommandError, EngineBusy, StoreUnavailable
from bot.language import ISOLATE, POP, RIGHT_TO_LEFT, chosen, languages, speaking
from tests import catalogue

TRANSLATED = list(catalogue.languages())
LOOKING_UP = {"_", "translated", "counted", "in_context"}
HEARD = {"CommandError", "RequestFailed"}
ISOLATED = re.compile("[\u2066-\u2068][^\u2069]*\u2069")


def several(words: object) -> tuple[str, ...]:
    return words if isinstance(words, tuple) else (str(words or ""),)


def ids(message: Message) -> tuple[str, ...]:
    return several(message.id)


def strings(message: Message) -> tuple[str, ...]:
    return several(message.string)


def placeholders(pattern: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(pattern) if name}


def messages(language: str) -> Iterator[Message]:
    return (message for message in catalogue.read(language) if message.id)


# --- the catalogues ------------------------------------------------------------------------------


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_holds_what_the_code_says_and_nothing_else(language: str) -> None:
    code = {(m.context, m.id) for m in catalogue.template() if m.id}
    assert {(m.context, m.id) for m in messages(language)} == code, "run `make texts`"


@pytest.mark.parametrize("language", TRANSLATED)
def test_everything_is_translated(language: str) -> None:
    assert [m.id for m in messages(language) if m.fuzzy or not all(strings(m))] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_placeholders_of_its_message(language: str) -> None:
    """But for plurals: "one", "two" may be words."""
    for message in messages(language):
        known = placeholders(ids(message)[-1])
        for said in strings(message):
            found = placeholders(said)
            assert found <= known if message.pluralizable else found == known, message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_keeps_the_marks_at_its_messages_ends(language: str) -> None:
    for message in messages(language):
        for said in strings(message):
            assert said.startswith(" ") == ids(message)[0].startswith(" "), message.id
            assert said.endswith("\n") == ids(message)[0].endswith("\n"), message.id
            assert said.count("`") == ids(message)[0].count("`"), message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_installed_is_compiled_from_the_translation(language: str) -> None:
    installed = catalogue.source_of(language).with_suffix(".mo").read_bytes()
    assert installed == catalogue.compiled(catalogue.read(language)), "run `make texts`"


@pytest.mark.parametrize("language", RIGHT_TO_LEFT.intersection(TRANSLATED))
def test_words_from_left_to_right_are_isolated_in_a_text_from_right_to_left(language: str) -> None:
    for message in messages(language):
        for said in strings(message):
            rest = re.sub(r"\{\w+\}|`[^`]*`", "", ISOLATED.sub("", said))
            assert not re.search("[A-Za-z/]{2}", rest), message.id


# --- the code ------------------------------------------------------------------------------------


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(catalogue.CODE.rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"))


def evaluated_at_import(module: ast.Module) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = [module]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def test_no_text_is_looked_up_when_a_module_is_imported() -> None:
    for path, module in modules():
        for node in evaluated_at_import(module):
            if isinstance(node, ast.Call):
                assert catalogue.called(node) not in LOOKING_UP, f"{path}:{node.lineno}"


def test_an_error_that_people_hear_of_is_a_pattern_and_its_values() -> None:
    for path, module in modules():
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and catalogue.called(node) in HEARD:
                assert not any(isinstance(part, ast.JoinedStr) for part in node.args), (
                    f"{path}:{node.lineno}"
                )


def test_every_text_is_said_somewhere() -> None:
    code = "\n".join(path.read_text("utf-8") for path, _ in modules())
    names = (path.stem for path in catalogue.CODE.glob("texts*.py"))
    rooms = [import_module(f"bot.{name}") for name in names]
    constants = [n for room in rooms for n, t in vars(room).items() if isinstance(t, texts.Text)]
    used = re.compile(r"\b(?:texts\.)?({})\b(?! = Text)".format("|".join(constants)))
    assert set(constants) - set(used.findall(code)) == set()


# --- which language ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        (("de",), "de"),
        (("de-AT",), "de"),
        (("ar_EG.UTF-8",), "ar"),
        (("auto", "de"), "de"),
        (("ar", "de"), "ar"),
        (("en", "de"), "en"),
        (("auto", "tlh", "de"), "de"),
        (("auto", ""), "en"),
        (("../../etc",), "en"),
        ((), "en"),
    ],
)
def test_the_first_wish_that_can_be_met_is_met(wishes: tuple[str, ...], language: str) -> None:
    assert chosen(*wishes) == language


def test_english_german_and_a_language_from_right_to_left_are_spoken() -> None:
    assert {"en", "de"} <= set(languages())
    assert RIGHT_TO_LEFT & set(languages())


def test_a_language_ends_with_its_block() -> None:
    with speaking("de"):
        with speaking("ar"):
            assert texts.STOP() == "إيقاف"
        assert texts.STOP() == "Stopp"
    assert texts.STOP() == "Stop"


# --- numbers and forms ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "thinking · 1 token · 2.5 tokens/s · 1 min 5 s"),
        ("de", "denkt nach · 1 Token · 2,5 Token/s · 1 min 5 s"),
    ],
)
def test_a_number_has_its_languages_sign(language: str, line: str) -> None:
    with speaking(language):
        assert texts.thinking(1, 2.5, 65) == line


def test_each_count_has_its_plural_form() -> None:
    said = {0: "0 رمز", 1: "رمز واحد", 2: "رمزان", 7: "7 رموز", 11: "11 رمزًا", 100: "100 رمز"}
    with speaking("ar"):
        assert {count: texts.tokens_of(count) for count in said} == said


@pytest.mark.parametrize(
    ("language", "said"), [("en", "2nd in line"), ("de", "als 2. in der Reihe")]
)
def test_a_place_in_line_is_ordinal(language: str, said: str) -> None:
    with speaking(language):
        assert texts.waiting(2, None) == said


def test_what_is_put_into_a_text_from_right_to_left_is_isolated() -> None:
    with speaking("ar"):
        assert f"{ISOLATE}telegram:7{POP}" in texts.closed("telegram:7")
    assert ISOLATE not in texts.closed("telegram:7")


# --- errors --------------------------------------------------------------------------------------


def test_an_error_is_told_in_the_language_of_whoever_hears_it_and_logged_in_english() -> None:
    error = EngineBusy(3)
    with speaking("de"):
        assert texts.told(error) == "Das Modell ist beschäftigt; 3 Anfragen warten."
    assert str(error) == "The model is busy; 3 requests wait."


def test_braces_in_an_error_are_only_braces() -> None:
    assert texts.told(CommandError("{name}")) == "{name}"
    assert texts.told(CommandError("")) == ""


def test_where_the_database_is_kept_is_not_told() -> None:
    assert "/srv" not in texts.told(StoreUnavailable("/srv/chinwag.db is locked."))
