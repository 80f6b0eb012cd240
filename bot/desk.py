"""What the owner's commands can reach, and no others: the networks, the process, its config."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.adapter import is_connected
from bot.config import Config
from bot.delivery.presenter import Presenter
from bot.reload import Apply, Reloader
from bot.types import Place, Post


def terminate() -> None:
    signal.raise_signal(signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Process:
    """What surrounds the house: how its config is read again, how new values of keys outside of
    the house are put in force, and how it ends."""

    read: Callable[[], Config]
    live: Mapping[str, Apply] = field(default_factory=dict)
    end: Callable[[], None] = terminate


@dataclass(frozen=True, slots=True)
class Desk:
    """`end` ends the process as SIGTERM does: replies in flight come first."""

    presenters: Mapping[str, Presenter]
    reloader: Reloader
    end: Callable[[], None]
    started: float = field(default_factory=time.monotonic)

    def connected(self) -> dict[str, bool]:
        """By network."""
        return {name: is_connected(p.adapter) for name, p in self.presenters.items()}

    async def tell(self, place: Place, post: Post) -> bool:
        """Whether it arrived."""
        delivered = await self.presenters[place.adapter].notice(place, post)
        return delivered.failure is None
