"""What a route is."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.testing.discord.rest.call import Answer, Call
from bot.testing.discord.world import World

Method = Callable[[World, Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """`path` has its ids in braces; without `authenticated` a token in the path is enough."""

    method: str
    path: str
    run: Method
    authenticated: bool = True

    @property
    def name(self) -> str:
        return self.run.__name__

    def matches(self, path: str) -> bool:
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(self.path))
        return re.fullmatch(pattern, path) is not None
