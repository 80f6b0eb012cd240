"""Commands: one CommandSpec and one handler each, the same on every network."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.commands.arguments import Value, first_word, parse
from bot.errors import CommandError
from bot.types import Button, CommandSpec, Invoked, Limits, Place, Post, Role, UserRef

if TYPE_CHECKING:
    from bot.access import Access
    from bot.confirmations import Confirmations
    from bot.desk import Desk
    from bot.engine import Engine
    from bot.intake import Intake
    from bot.lanes import Lanes
    from bot.limits import Gate
    from bot.pairing import Pairing
    from bot.prompt import PromptBuilder
    from bot.retention import Retention
    from bot.rights import Rights
    from bot.settings import Settings
    from bot.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What a handler may reach."""

    store: Store
    engine: Engine
    settings: Settings
    lanes: Lanes
    commands: Commands
    intake: Intake
    prompts: PromptBuilder
    access: Access
    pairing: Pairing
    gate: Gate
    rights: Rights
    retention: Retention
    networks: Mapping[str, Limits]
    confirmations: Confirmations
    desk: Desk


@dataclass(frozen=True, slots=True)
class Call:
    """A command being carried out; `arguments` are parsed and checked."""

    event: Invoked
    role: Role
    arguments: Mapping[str, Value]
    services: Services

    def text(self, name: str) -> str:
        return str(self.arguments.get(name, ""))

    @property
    def place(self) -> Place:
        return self.event.place

    @property
    def user(self) -> UserRef:
        return self.event.user

    def confirming(self, label: str, code: str) -> tuple[Button, ...]:
        """A button that confirms what was asked for with this code; none where there are none."""
        return (Button(label, code),) if self.limits.buttons else ()

    @property
    def limits(self) -> Limits:
        return self.services.networks[self.place.adapter]

    @property
    def is_private(self) -> bool:
        """Whether nobody else sees a private answer."""
        return self.place.private or self.limits.ephemeral


Handler = Callable[[Call], Awaitable[Post | None]]
"""Returns what to answer; None where the command's effect is the answer."""


async def nothing(call: Call) -> None:
    """What a command of subcommands does itself."""


@dataclass(frozen=True, slots=True)
class Command:
    """`members` are its subcommands, by name."""

    spec: CommandSpec
    handler: Handler = nothing
    members: Mapping[str, Command] = field(default_factory=dict)


def group(name: str, help: str, *members: Command, default: str = "") -> Command:
    """A command of subcommands, for whoever may use one of them."""
    specs = tuple(member.spec for member in members)
    spec = CommandSpec(
        name,
        help,
        role=min(spec.role for spec in specs),
        asks=any(spec.asks for spec in specs),
        subcommands=specs,
        default=default,
    )
    return Command(spec, members={member.spec.name: member for member in members})


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
        """What this role may use."""
        return [_within(c.spec, role) for c in self._commands.values() if role >= c.spec.role]

    def asks(self, name: str) -> bool:
        """Whether a reply of the model follows this command."""
        command = self._commands.get(name.lower())
        return command is not None and command.spec.asks

    def is_for(self, name: str, role: Role) -> bool:
        command = self._commands.get(name.lower())
        return command is not None and role >= command.spec.role

    async def run(self, event: Invoked, role: Role, services: Services) -> Post | None:
        """Raises CommandError with what the caller can do about it."""
        command = self._find(event.command)
        called, text = command.spec.name, event.arguments
        if command.members:
            command, text = _member(command, text)
            called = f"{called} {command.spec.name}"
        spec = command.spec
        if role < spec.role:
            raise CommandError(
                "/{command} is for the role {role} and above.",
                command=called,
                role=spec.role.name.lower(),
            )
        arguments = parse(spec, text, event.values, event.attachments, called=called)
        answer = await command.handler(Call(event, role, arguments, services))
        return replace(answer, only_for=event.user) if answer and spec.private else answer

    def _find(self, name: str) -> Command:
        if (command := self._commands.get(name.lower())) is not None:
            return command
        nearest = difflib.get_close_matches(name[:40].lower(), self._commands, 1)
        if nearest:
            raise CommandError(
                "There is no command /{name}: did you mean /{nearest}?",
                name=name[:40],
                nearest=nearest[0],
            )
        raise CommandError("There is no command /{name}: see /help.", name=name[:40])


def _member(command: Command, text: str) -> tuple[Command, str]:
    """The subcommand that is meant, and its arguments."""
    word, rest = first_word(text.strip())
    if (member := command.members.get(word.lower())) is not None:
        return member, rest
    default = command.members.get(command.spec.default)
    if default is None or not _takes(default.spec, word):
        raise CommandError(
            "After /{command} comes one of {names}.",
            command=command.spec.name,
            names=", ".join(command.members),
        )
    return default, text


def _takes(spec: CommandSpec, word: str) -> bool:
    """Whether this can be the beginning of its arguments."""
    if not word:
        return True
    first = next(iter(spec.parameters), None)
    return first is not None and (not first.choices or word.lower() in first.choices)


def _within(spec: CommandSpec, role: Role) -> CommandSpec:
    fitting = tuple(sub for sub in spec.subcommands if role >= sub.role)
    return replace(spec, subcommands=fitting)
