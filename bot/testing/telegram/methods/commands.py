"""The command menu. https://core.telegram.org/bots/api#botcommandscope"""

from __future__ import annotations

import re
from typing import Any

from bot.testing.telegram.chats import Json
from bot.testing.telegram.failures import bad_request
from bot.testing.telegram.parameters import Parameters
from bot.testing.telegram.world import World

SCOPES = frozenset(
    [
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat",
        "chat_administrators",
        "chat_member",
    ]
)
MOST = 100

_NAME = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"([a-z]{2})?")


async def set_commands(world: World, given: Parameters) -> bool:
    commands = given.structure("commands")
    if not isinstance(commands, list) or len(commands) > MOST:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not _NAME.fullmatch(command.get("command", "")):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command.get("description", "")) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    world.commands[_key(world, given)] = commands
    return True


async def get_commands(world: World, given: Parameters) -> list[Json]:
    return world.commands.get(_key(world, given), [])


async def delete_commands(world: World, given: Parameters) -> bool:
    world.commands.pop(_key(world, given), None)
    return True


def _key(world: World, given: Parameters) -> tuple[str, str]:
    """Such as ("default", "") or ("chat:1001", "de")."""
    scope: Any = given.structure("scope") or {"type": "default"}
    kind, language = scope.get("type"), given.text("language_code")
    if kind not in SCOPES:
        raise bad_request("unsupported type specified")
    if not _LANGUAGE.fullmatch(language):
        raise bad_request("invalid language code specified")
    if "chat_id" not in scope:
        return kind, language
    return f"{kind}:{world.reachable(int(scope['chat_id'])).id}", language


async def set_menu_button(world: World, given: Parameters) -> bool:
    button = given.structure("menu_button") or {"type": "default"}
    if button.get("type") not in ("commands", "web_app", "default"):
        raise bad_request("unsupported menu button type")
    chat = world.chats.get(given.optional_number("chat_id") or 0)
    world.commands[("menu_button", "")] = [button]
    if chat is not None:
        chat.menu_button = button
    return True


METHODS = {
    "setMyCommands": set_commands,
    "getMyCommands": get_commands,
    "deleteMyCommands": delete_commands,
    "setChatMenuButton": set_menu_button,
}
