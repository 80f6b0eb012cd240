"""Commands: one CommandSpec and one handler each, the same on every network."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.commands.arguments import Value, parse
from bot.errors import CommandError
from bot.types import CommandSpec, Invoked, Post, Role

if TYPE_CHECKING:
    from bot.engine import Engine
    from bot.lanes import Lanes
    from bot.settings import Settings
    from bot.store import Store


@dataclass(frozen=True, slots=True)
class Services:
    """What a handler may reach."""

    store: Store
    engine: Engine
    settings: Settings
    lanes: Lanes
    commands: Commands


@dataclass(frozen=True, slots=True)
class Call:
    """A command being carried out; `arguments` are parsed and checked."""

    event: Invoked
    role: Role
    arguments: Mapping[str, Value]
    services: Services

    def text(self, name: str) -> str:
        return str(self.arguments.get(name, ""))


Handler = Callable[[Call], Awaitable[Post | None]]
"""Returns what to answer; None where the command's effect is the answer."""


@dataclass(frozen=True, slots=True)
class Command:
    spec: CommandSpec
    handler: Handler


class Commands:
    def __init__(self, commands: Iterable[Command] = ()):
        self._commands: dict[str, Command] = {}
        for command in commands:
            self.add(command)

    def add(self, command: Command) -> None:
        if command.spec.name in self._commands:
            raise ValueError(f"there are two commands named {command.spec.name}")
        self._commands[command.spec.name] = command

    def specs(self, role: Role = Role.OWNER) -> list[CommandSpec]:
        return [c.spec for c in self._commands.values() if role >= c.spec.role]

    def asks(self, name: str) -> bool:
        """Whether a reply of the model follows this command."""
        command = self._commands.get(name.lower())
        return command is not None and command.spec.asks

    async def run(self, event: Invoked, role: Role, services: Services) -> Post | None:
        """Raises CommandError with what the caller can do about it."""
        command = self._find(event.command)
        if role < command.spec.role:
            needed = command.spec.role.name.lower()
            raise CommandError(f"/{command.spec.name} is for the role {needed} and above.")
        arguments = parse(command.spec, event.arguments, event.values)
        answer = await command.handler(Call(event, role, arguments, services))
        if answer is not None and command.spec.private:
            return replace(answer, only_for=event.user)
        return answer

    def _find(self, name: str) -> Command:
        if (command := self._commands.get(name.lower())) is not None:
            return command
        nearest = difflib.get_close_matches(name.lower(), self._commands, 1)
        hint = f"did you mean /{nearest[0]}?" if nearest else "see /help."
        raise CommandError(f"There is no command /{name[:40]}: {hint}")
