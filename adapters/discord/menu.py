"""The slash commands and context-menu commands: set where they have changed, and completed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from discord.app_commands import Choice

from adapters.discord.client import Client
from adapters.discord.payloads import MOST_CHOICES, Payload, digest, payloads
from bot.adapter import Memory, Suggest
from bot.types import CommandSpec, Parameter, Place

log = structlog.get_logger(__name__)

DIGEST = "commands"
"""The note of what was set where."""


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


def matching(known: Sequence[str], typed: str) -> list[Choice[str]]:
    """For a field that completes: what begins with what is typed, then what contains it."""
    wanted = typed.lower()
    found = [choice for choice in known if wanted in choice.lower()]
    found.sort(key=lambda choice: not choice.lower().startswith(wanted))
    return [Choice(name=c[:100], value=c[:100]) for c in found[:MOST_CHOICES]]
