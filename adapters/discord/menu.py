"""Slash commands and context-menu commands, made from CommandSpecs; set only when they changed.

https://discord.com/developers/docs/interactions/application-commands
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import structlog
from discord import AppCommandOptionType, Locale, Permissions
from discord.app_commands import Choice

from adapters.discord import texts
from adapters.discord.client import Client
from bot.adapter import Memory, Suggest
from bot.types import CommandSpec, Parameter, Place, Role

log = structlog.get_logger(__name__)

Payload = dict[str, Any]

MOST_COMMANDS, MOST_CHOICES, LONGEST_HELP = 100, 25, 100
LONGEST_ARGUMENT = 6000
SLASH, ON_MESSAGE = 1, 3
ASK = "ask"
"""The command that the context menus lead to; without it there are none."""
DIGEST = "commands"
"""The note of what was set where."""

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


class Menu:
    """`guilds` are the only servers that get the commands; everywhere where there are none."""

    def __init__(self, guilds: Sequence[str]):
        self.commands: tuple[CommandSpec, ...] = ()
        self.memory: Memory | None = None
        self.suggest: Suggest | None = None
        self._guilds = guilds

    def find(self, name: str, sub: str = "") -> CommandSpec | None:
        found = next((spec for spec in self.commands if spec.name == name), None)
        if found is not None and sub:
            return next((spec for spec in found.subcommands if spec.name == sub), found)
        return found

    async def complete(self, parameter: Parameter, place: Place, typed: str) -> list[Choice[str]]:
        known: Sequence[str] = parameter.choices
        if parameter.suggestions and self.suggest is not None:
            known = await self.suggest(place, parameter.suggestions, typed)
        return matching(known, typed)

    async def show(self, client: Client) -> bool:
        """Returns whether anything had to be set. Raises discord.py's errors and StoreError."""
        wanted = payloads(self.commands)
        places = sorted(self._guilds) or [""]
        now = {"app": client.application_id, "places": places, "digest": digest(wanted)}
        before = await self._before()
        if before == now:
            return False
        left = before.get("places", []) if before.get("app") == now["app"] else []
        for place in [*places, *(p for p in left if p not in places)]:
            await _put(client, place, wanted if place in places else [])
        if self.memory is not None:
            await self.memory.remember({DIGEST: json.dumps(now)})
        log.info("commands set", count=len(wanted), servers=len(self._guilds) or "all")
        return True

    async def _before(self) -> dict[str, Any]:
        notes: Mapping[str, str] = await self.memory.recall() if self.memory else {}
        before: dict[str, Any] = json.loads(notes.get(DIGEST, "{}"))
        return before


async def _put(client: Client, guild: str, commands: list[Payload]) -> None:
    app = client.application_id or 0
    if guild:
        await client.http.bulk_upsert_guild_commands(app, int(guild), commands)
    else:
        await client.http.bulk_upsert_global_commands(app, commands)


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


def matching(known: Sequence[str], typed: str) -> list[Choice[str]]:
    """For a field that completes: what begins with what is typed, then what contains it."""
    wanted = typed.lower()
    found = [choice for choice in known if wanted in choice.lower()]
    found.sort(key=lambda choice: not choice.lower().startswith(wanted))
    return [Choice(name=c[:100], value=c[:100]) for c in found[:MOST_CHOICES]]
