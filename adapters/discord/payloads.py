"""Commands as Discord is told of them, made from CommandSpecs.

https://discord.com/developers/docs/interactions/application-commands
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from discord import AppCommandOptionType, Locale, Permissions

from adapters.discord import texts
from bot.types import CommandSpec, Parameter, Role

Payload = dict[str, Any]

MOST_COMMANDS, MOST_CHOICES, LONGEST_HELP = 100, 25, 100
LONGEST_ARGUMENT = 6000
SLASH, ON_MESSAGE = 1, 3
ASK = "ask"
"""The command that the context menus lead to; without it there are none."""

SUBCOMMAND = AppCommandOptionType.subcommand.value
FILE: Payload = {
    "type": AppCommandOptionType.attachment.value,
    "name": "file",
    "description": texts.FILE,
    "required": False,
}
"""Where a long text may come from, too."""

_NAME = re.compile(r"[-_a-z0-9]{1,32}")
_TYPES = {
    "text": AppCommandOptionType.string,
    "integer": AppCommandOptionType.integer,
    "number": AppCommandOptionType.number,
    "flag": AppCommandOptionType.boolean,
}


def digest(commands: Sequence[Payload]) -> str:
    return hashlib.sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()


def payloads(specs: Sequence[CommandSpec]) -> list[Payload]:
    """What Discord is told of all commands."""
    shown = [_slash(spec) for spec in specs if _NAME.fullmatch(spec.name)]
    if any(spec.name == ASK for spec in specs):
        shown += [_on_message(texts.ASK), _on_message(texts.SUMMARISE)]
    return shown[:MOST_COMMANDS]


def _slash(spec: CommandSpec) -> Payload:
    return {
        "type": SLASH,
        **_described(spec),
        "options": _options(spec),
        "default_member_permissions": _who(spec.role),
        "integration_types": [0],
        "contexts": [0, 1],
    }


def _described(spec: CommandSpec) -> Payload:
    return {
        "name": spec.name,
        "name_localizations": dict(_localised(spec.names, 32)),
        "description": spec.help[:LONGEST_HELP] or spec.name,
        "description_localizations": dict(_localised(spec.translations, LONGEST_HELP)),
    }


def _options(spec: CommandSpec) -> list[Payload]:
    if spec.subcommands:
        return [
            {"type": SUBCOMMAND, **_described(sub), "options": _options(sub)}
            for sub in spec.subcommands[:MOST_CHOICES]
        ]
    required_first = sorted(spec.parameters, key=lambda p: not _is_required(p))
    files = [FILE] if any(p.long for p in spec.parameters) else []
    return [*(_option(parameter) for parameter in required_first), *files]


def _on_message(name: str) -> Payload:
    return {
        "type": ON_MESSAGE,
        "name": name,
        "name_localizations": dict(texts.NAMES[name]),
        "integration_types": [0],
        "contexts": [0, 1],
    }


def _option(parameter: Parameter) -> Payload:
    option: Payload = {
        "type": _TYPES[parameter.type].value,
        "name": parameter.name,
        "description": parameter.help[:LONGEST_HELP] or parameter.name,
        "required": _is_required(parameter),
    }
    option["description_localizations"] = dict(_localised(parameter.translations, LONGEST_HELP))
    if parameter.suggestions or len(parameter.choices) > MOST_CHOICES:
        option["autocomplete"] = True
    elif parameter.choices:
        option["choices"] = [{"name": c, "value": c} for c in parameter.choices]
    elif parameter.type == "text":
        option["max_length"] = LONGEST_ARGUMENT
    if parameter.type in ("integer", "number"):
        option |= _range(parameter)
    return option


def _range(parameter: Parameter) -> Payload:
    kind = int if parameter.type == "integer" else float
    ends = {"min_value": parameter.minimum, "max_value": parameter.maximum}
    return {name: kind(end) for name, end in ends.items() if end is not None}


def _is_required(parameter: Parameter) -> bool:
    """A long text may be left out: then a form asks for it."""
    return parameter.required and not parameter.long


def _who(role: Role) -> str | None:
    """Whom Discord shows it to, unless a server's administrators decide otherwise."""
    if role >= Role.OWNER:
        return "0"
    return str(Permissions(manage_guild=True).value) if role >= Role.ADMIN else None


def _localised(translations: Mapping[str, str], longest: int) -> Iterator[tuple[str, str]]:
    for language, text in sorted(translations.items()):
        for locale in _locales(language):
            yield locale, text[:longest]


def _locales(language: str) -> Iterable[str]:
    """Discord's, of a language by its ISO 639-1 code; it has several of some, and none of most."""
    known = [locale.value for locale in Locale]
    return [code for code in known if code == language or code.partition("-")[0] == language]
