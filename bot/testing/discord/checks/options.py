"""The options of a command, and the names and descriptions of both."""

from __future__ import annotations

from typing import Any

import regex

from bot.testing.discord.checks.form import Form

SUB_COMMAND, GROUP, STRING, INTEGER, BOOLEAN, NUMBER = 1, 2, 3, 4, 5, 10
_LOCALES = """
id da de en-GB en-US es-ES es-419 fr hr it lt hu nl no pl pt-BR ro fi sv-SE vi tr cs el bg ru uk hi
th zh-CN ja zh-TW ko
"""
LOCALES = frozenset(_LOCALES.split())
_NAME = regex.compile(r"[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}")


def check_name(form: Form) -> None:
    name = form["name"]
    if name.text(1, 32) and not _is_name(name.value):
        name.wrong(
            "APPLICATION_COMMAND_INVALID_NAME",
            "Command name is invalid: lower case letters, numbers, - and _ only",
        )
    check_locales(form["name_localizations"], _NAME)


def _is_name(text: object) -> bool:
    return isinstance(text, str) and text == text.lower() and bool(_NAME.fullmatch(text))


def check_description(form: Form) -> None:
    form["description"].text(1, 100)
    check_locales(form["description_localizations"], None)


def check_locales(localizations: Form, shape: Any) -> None:
    if not localizations.given or not localizations.object():
        return
    for locale in list(localizations.value):
        text = localizations[locale]
        if locale not in LOCALES:
            text.wrong("ENUM_TYPE_COERCE", f'Value "{locale}" is not a valid enum value.')
        text.text(1, 100 if shape is None else 32)
        if shape is not None and not _is_name(text.value):
            text.wrong("APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def check_options(options: Form) -> None:
    optional_before = False
    names: set[str] = set()
    for option in options.items(25):
        if not option.object():
            continue
        _check_option(option)
        required = bool(option["required"].value)
        if required and optional_before:
            option.wrong(
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        optional_before = optional_before or not required
        if option["name"].key in names:
            option["name"].wrong(
                "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name already exists"
            )
        names.add(option["name"].key)


def _check_option(option: Form) -> None:
    check_name(option)
    check_description(option)
    if not option["type"].one_of(range(1, 12)):
        return
    kind = option.value["type"]
    if kind in (SUB_COMMAND, GROUP):
        check_options(option["options"])
    choices = option["choices"].items(25)
    if choices and option["autocomplete"].value:
        option["autocomplete"].wrong(
            "APPLICATION_COMMAND_AUTOCOMPLETE_NOT_ALLOWED",
            "Autocomplete may not be set to true if choices are present",
        )
    for choice in choices:
        check_choice(choice, kind)
    option["min_length"].number(0, 6000)
    option["max_length"].number(1, 6000)


def check_choice(choice: Form, kind: int) -> None:
    """`kind` is the option's type."""
    if not choice.object():
        return
    choice["name"].text(1, 100)
    check_locales(choice["name_localizations"], None)
    if kind == STRING:
        choice["value"].text(1, 100)
    else:
        choice["value"].number(-(2**53), 2**53, optional=False, whole=kind != NUMBER)
