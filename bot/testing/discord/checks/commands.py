"""Application commands. https://docs.discord.com/developers/interactions/application-commands"""

from __future__ import annotations

from typing import Any

import regex

from bot.testing.discord.checks.form import Form
from bot.testing.discord.failures import ApiError, bad_request

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
SUB_COMMAND, GROUP, STRING, INTEGER, BOOLEAN, NUMBER = 1, 2, 3, 4, 5, 10
MOST = {CHAT_INPUT: 100, USER: 15, MESSAGE: 15}
LARGEST = 8000
"""Code points of names, descriptions and values of one command."""
LOCALES = frozenset(
    [
        "id",
        "da",
        "de",
        "en-GB",
        "en-US",
        "es-ES",
        "es-419",
        "fr",
        "hr",
        "it",
        "lt",
        "hu",
        "nl",
        "no",
        "pl",
        "pt-BR",
        "ro",
        "fi",
        "sv-SE",
        "vi",
        "tr",
        "cs",
        "el",
        "bg",
        "ru",
        "uk",
        "hi",
        "th",
        "zh-CN",
        "ja",
        "zh-TW",
        "ko",
    ]
)

_NAME = regex.compile(r"[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}")


def check_command(command: Form) -> None:
    if not command.object():
        return
    kind = command.value.setdefault("type", CHAT_INPUT)
    if not command["type"].one_of(MOST):
        return
    if kind == CHAT_INPUT:
        _check_name(command)
        _check_description(command)
        _check_options(command["options"])
    else:
        command["name"].text(1, 32)
        _check_locales(command["name_localizations"], None)
        command["description"].text(0, 0, optional=True)
    _check_access(command)
    if _size(command.value) > LARGEST:
        command.wrong("APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({LARGEST})")


def too_many(most: int) -> ApiError:
    return bad_request(30032, f"Maximum number of application commands reached ({most})")


def check_commands(body: Any) -> None:
    """A whole set that replaces what was there. Raises 50035 or 30032."""
    form = Form(body)
    seen: set[tuple[str, str]] = set()
    for command in form.items(sum(MOST.values())):
        check_command(command)
        key = (command["type"].key, command["name"].key)
        if key in seen:
            command["name"].wrong(
                "APPLICATION_COMMANDS_DUPLICATE_NAME",
                "Application command names must be unique",
            )
        seen.add(key)
    form.done()
    for kind, most in MOST.items():
        if sum(command["type"] == kind for command in body) > most:
            raise too_many(most)


def _check_name(form: Form) -> None:
    name = form["name"]
    if name.text(1, 32) and not _is_name(name.value):
        name.wrong(
            "APPLICATION_COMMAND_INVALID_NAME",
            "Command name is invalid: lower case letters, numbers, - and _ only",
        )
    _check_locales(form["name_localizations"], _NAME)


def _is_name(text: object) -> bool:
    return isinstance(text, str) and text == text.lower() and bool(_NAME.fullmatch(text))


def _check_description(form: Form) -> None:
    form["description"].text(1, 100)
    _check_locales(form["description_localizations"], None)


def _check_locales(localizations: Form, shape: Any) -> None:
    if not localizations.given or not localizations.object():
        return
    for locale in list(localizations.value):
        text = localizations[locale]
        if locale not in LOCALES:
            text.wrong("ENUM_TYPE_COERCE", f'Value "{locale}" is not a valid enum value.')
        text.text(1, 100 if shape is None else 32)
        if shape is not None and not _is_name(text.value):
            text.wrong("APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_options(options: Form) -> None:
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
    _check_name(option)
    _check_description(option)
    if not option["type"].one_of(range(1, 12)):
        return
    kind = option.value["type"]
    if kind in (SUB_COMMAND, GROUP):
        _check_options(option["options"])
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
    _check_locales(choice["name_localizations"], None)
    if kind == STRING:
        choice["value"].text(1, 100)
    else:
        choice["value"].number(-(2**53), 2**53, optional=False, whole=kind != NUMBER)


def _check_access(command: Form) -> None:
    permissions = command["default_member_permissions"]
    if permissions.given and not str(permissions.value).isdigit():
        permissions.wrong("BITFIELD_TYPE_CONVERT", "Value is not a bit field.")
    for context in command["contexts"].items(3):
        context.one_of({0, 1, 2})
    for place in command["integration_types"].items(2):
        place.one_of({0, 1})


def _size(value: Any) -> int:
    counted = ("name", "description", "value")
    if isinstance(value, list):
        return sum(_size(item) for item in value)
    if not isinstance(value, dict):
        return 0
    own = sum(len(value[key]) for key in counted if isinstance(value.get(key), str))
    return own + _size(value.get("options")) + _size(value.get("choices"))
