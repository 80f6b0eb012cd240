"""What the two ways of speaking have in common: a terminal for a person, plain lines for a pipe."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from bot.types import CommandSpec, Limits, Post

Say = Callable[[str, str], Awaitable[None]]
"""Hand a line and its fresh id to the core; returns once it is kept."""


class Face(Protocol):
    limits: Limits

    @property
    def interrupted(self) -> bool:
        """Whether the user has left with Ctrl-C."""

    async def run(self, say: Say) -> None:
        """Serve until the input ends or the user leaves."""

    async def show(self, ref: str, post: Post) -> None:
        """The post `ref` is new or has changed to this."""

    async def drop(self, ref: str) -> None:
        """The post `ref`, never final, is gone."""

    def alive(self) -> None:
        """The core is at work on an answer."""

    def offer(self, commands: Sequence[CommandSpec]) -> None:
        """These commands can be completed."""
