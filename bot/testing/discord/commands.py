"""The application commands that the bot has registered, and how often it did so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from bot.testing.discord.accounts import Json
from bot.testing.discord.checks.commands import CHAT_INPUT, MOST
from bot.testing.discord.snowflakes import Snowflakes

Scope = int | None
"""A guild's id; None for everywhere."""


class Commands:
    """`writes` counts the requests that changed something, by scope."""

    def __init__(self, ids: Snowflakes, application_id: int):
        self.writes: Counter[Scope] = Counter()
        self._ids, self._application_id = ids, application_id
        self._known: dict[Scope, dict[int, Json]] = {}

    def of(self, scope: Scope = None) -> dict[int, Json]:
        return self._known.setdefault(scope, {})

    def names(self, scope: Scope = None) -> list[str]:
        return sorted(command["name"] for command in self.of(scope).values())

    def find(self, name: str, guild_id: int | None, kind: int = CHAT_INPUT) -> Json:
        """A guild's own wins. Raises LookupError, as nobody can use a command that isn't there."""
        for command in self._seen_in(guild_id):
            if (command["name"], command["type"]) == (name, kind):
                return command
        raise LookupError(f"the bot has registered no command {name!r} here")

    def _seen_in(self, guild_id: int | None) -> Iterator[Json]:
        if guild_id is not None:
            yield from self.of(guild_id).values()
        yield from self.of(None).values()

    def put(self, scope: Scope, body: Json) -> tuple[Json, bool]:
        """Make it, or replace the one with its name; returns it and whether it is new."""
        same = self._named(scope, body)
        return self.change(scope, body, same), same is None

    def change(self, scope: Scope, body: Json, old: Json | None) -> Json:
        """The new command has the old one's id."""
        command = self._made(scope, body, old)
        self.of(scope)[int(command["id"])] = command
        return command

    def full(self, scope: Scope, body: Json) -> bool:
        """Whether there is no place for one more of its type."""
        same = [c for c in self.of(scope).values() if c["type"] == body["type"]]
        return self._named(scope, body) is None and len(same) >= MOST[body["type"]]

    def replace(self, scope: Scope, bodies: list[Json]) -> list[Json]:
        """Those that keep their name keep their id."""
        made = [self._made(scope, body, self._named(scope, body)) for body in bodies]
        self._known[scope] = {int(command["id"]): command for command in made}
        return made

    def _named(self, scope: Scope, body: Json) -> Json | None:
        key = (body["name"], body["type"])
        found = (c for c in self.of(scope).values() if (c["name"], c["type"]) == key)
        return next(found, None)

    def _made(self, scope: Scope, body: Json, old: Json | None) -> Json:
        defaults: Json = {
            "description": "",
            "options": [],
            "name_localizations": None,
            "description_localizations": None,
            "default_member_permissions": None,
            "contexts": None,
            "integration_types": [0],
            "nsfw": False,
        }
        version = str(self._ids.next())
        given = {key: body[key] for key in (*defaults, "name", "type") if key in body}
        given["options"] = [_normal(option) for option in body.get("options") or []]
        command = (
            defaults
            | given
            | {
                "id": old["id"] if old else str(self._ids.next()),
                "application_id": str(self._application_id),
                "version": version,
            }
        )
        return command | ({"guild_id": str(scope)} if scope is not None else {})


def _normal(option: Json) -> Json:
    """As Discord gives it back: what is off or empty isn't mentioned."""
    kept = {key: value for key, value in option.items() if value not in (None, False, [], {})}
    if "options" in kept:
        kept["options"] = [_normal(inner) for inner in kept["options"]]
    return kept
