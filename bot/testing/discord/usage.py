"""Using a command as Discord's own client lets people: only what is there, with what it takes."""

from __future__ import annotations

from typing import Any

from bot.testing.discord.accounts import Account, Json
from bot.testing.discord.channels import Channel
from bot.testing.discord.checks.commands import CHAT_INPUT
from bot.testing.discord.checks.options import (
    BOOLEAN,
    GROUP,
    INTEGER,
    NUMBER,
    STRING,
    SUB_COMMAND,
)
from bot.testing.discord.permissions import Permission
from bot.testing.discord.visibility import permissions
from bot.testing.discord.world import World

GUILD_CONTEXT, BOT_DM_CONTEXT = 0, 1
_TYPES: dict[int, tuple[type, ...]] = {
    STRING: (str,),
    INTEGER: (int,),
    BOOLEAN: (bool,),
    NUMBER: (int, float),
}


def usable(
    world: World, account: Account, name: str, channel: Channel, kind: int = CHAT_INPUT
) -> Json:
    """The command. Raises LookupError where it isn't shown, PermissionError where it is refused."""
    command = world.commands.find(name, channel.guild.id if channel.guild else None, kind)
    context = GUILD_CONTEXT if channel.guild else BOT_DM_CONTEXT
    if command["contexts"] is not None and context not in command["contexts"]:
        raise LookupError(f"{name!r} is not shown in this kind of channel")
    has = permissions(account, channel)
    needed = Permission(int(command["default_member_permissions"] or 0))
    refused = command["default_member_permissions"] == "0" and not _administers(has)
    lacking = channel.guild is not None and (needed not in has or refused)
    if lacking or Permission.USE_APPLICATION_COMMANDS not in has:
        raise PermissionError(f"{account.name} may not use {name!r} here")
    return command


def _administers(has: Permission) -> bool:
    return Permission.ADMINISTRATOR in has


def chosen(
    command: Json, path: list[str], values: dict[str, Any], *, focused: str = ""
) -> list[Json]:
    """The options of an interaction, inside the sub-command that `path` leads to. Raises
    ValueError for what the client would not send."""
    if path:
        return [_nested(command, path, values, focused)]
    known = {o["name"]: o for o in command.get("options") or []}
    if any(o["type"] in (SUB_COMMAND, GROUP) for o in known.values()):
        raise ValueError(f"{command['name']!r} wants a sub-command: {', '.join(known)}")
    if unknown := values.keys() - known.keys():
        raise ValueError(f"{command['name']!r} has no options {', '.join(sorted(unknown))}")
    missing = [n for n, o in known.items() if o.get("required") and n not in values]
    if missing and not focused:
        raise ValueError(f"{command['name']!r} needs {', '.join(missing)}")
    return [_option(known[name], value, focused) for name, value in values.items()]


def _nested(command: Json, path: list[str], values: dict[str, Any], focused: str) -> Json:
    for option in command.get("options") or []:
        if option["name"] == path[0] and option["type"] in (SUB_COMMAND, GROUP):
            inner = chosen(option, path[1:], values, focused=focused)
            return {"name": option["name"], "type": option["type"], "options": inner}
    raise LookupError(f"{command['name']!r} has no sub-command {path[0]!r}")


def _option(option: Json, value: Any, focused: str) -> Json:
    if option["name"] == focused:
        if not option.get("autocomplete"):
            raise ValueError(f"{focused!r} is not completed by the bot")
        return {"name": focused, "type": option["type"], "value": value, "focused": True}
    _check(option, value)
    return {"name": option["name"], "type": option["type"], "value": value}


def _check(option: Json, value: Any) -> None:
    name, kind = option["name"], option["type"]
    types = _TYPES.get(kind, (str,))
    if not isinstance(value, types) or (isinstance(value, bool) and kind != BOOLEAN):
        raise ValueError(f"{name!r} doesn't take {value!r}")
    choices = [choice["value"] for choice in option.get("choices") or []]
    if choices and value not in choices:
        raise ValueError(f"{name!r} is one of {choices}")
    size = len(value) if isinstance(value, str) else value
    bounds = ("min_length", "max_length") if isinstance(value, str) else ("min_value", "max_value")
    least, most = (option.get(bound) for bound in bounds)
    if (least is not None and size < least) or (most is not None and size > most):
        raise ValueError(f"{name!r} takes {least} to {most}, not {size}")
