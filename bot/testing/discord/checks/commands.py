"""Application commands. https://docs.discord.com/developers/interactions/application-commands"""

from __future__ import annotations

from typing import Any

from bot.testing.discord.checks.form import Form
from bot.testing.discord.checks.options import (
    check_description,
    check_locales,
    check_name,
    check_options,
)
from bot.testing.discord.failures import ApiError, bad_request

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
MOST = {CHAT_INPUT: 100, USER: 15, MESSAGE: 15}
LARGEST = 8000
"""Code points of names, descriptions and values of one command."""


def check_command(command: Form) -> None:
    if not command.object():
        return
    kind = command.value.setdefault("type", CHAT_INPUT)
    if not command["type"].one_of(MOST):
        return
    if kind == CHAT_INPUT:
        check_name(command)
        check_description(command)
        check_options(command["options"])
    else:
        command["name"].text(1, 32)
        check_locales(command["name_localizations"], None)
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


def _check_access(command: Form) -> None:
    permissions = command["default_member_permissions"]
    if permissions.given and not str(permissions.value).isdigit():
        permissions.wrong("BITFIELD_TYPE_CONVERT", "Value is not a bit field.")
    for context in command["contexts"].items(3):
        context.one_of({0, 1, 2})
    for place in command["integration_types"].items(2):
        place.one_of({0, 1})


def _size(value: Any) -> int:
    """Of each text the longest translation counts."""
    if isinstance(value, list):
        return sum(_size(item) for item in value)
    if not isinstance(value, dict):
        return 0
    own = sum(_longest(value, key) for key in ("name", "description", "value"))
    return own + _size(value.get("options")) + _size(value.get("choices"))


def _longest(part: dict[str, Any], key: str) -> int:
    translations = part.get(f"{key}_localizations")
    others = translations.values() if isinstance(translations, dict) else []
    return max(len(text) if isinstance(text, str) else 0 for text in (part.get(key), *others))
