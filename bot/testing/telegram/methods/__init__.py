"""The Bot API's methods, by name in lower case: Telegram does not care for case either."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.testing.telegram.methods import chats, commands, drafts, edits, files, pull, sends
from bot.testing.telegram.parameters import Parameters
from bot.testing.telegram.world import World

Method = Callable[[World, Parameters], Awaitable[Any]]

METHODS: Mapping[str, Method] = {
    name.lower(): method
    for room in (chats, commands, drafts, edits, files, pull, sends)
    for name, method in room.METHODS.items()
}
