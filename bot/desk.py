"""What the owner's commands can reach, and no others: the networks, the process, its config."""

from __future__ import annotations

import secrets
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.adapter import is_connected
from bot.config import Config
from bot.delivery.presenter import Presenter
from bot.reload import Apply, Reloader
from bot.types import Place, Post, UserRef, utcnow

PATIENCE = timedelta(minutes=10)
"""How long a code confirms what was asked for with it."""


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
class Asked:
    """Something to be confirmed by whoever asked for it."""

    by: UserRef
    text: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Desk:
    """`end` ends the process as SIGTERM does: replies in flight come first."""

    presenters: Mapping[str, Presenter]
    reloader: Reloader
    end: Callable[[], None]
    started: float = field(default_factory=time.monotonic)
    _asked: dict[str, Asked] = field(default_factory=dict)

    def connected(self) -> dict[str, bool]:
        """By network."""
        return {name: is_connected(p.adapter) for name, p in self.presenters.items()}

    async def tell(self, place: Place, post: Post) -> bool:
        """Whether it arrived."""
        delivered = await self.presenters[place.adapter].notice(place, post)
        return delivered.failure is None

    def ask(self, by: UserRef, text: str) -> str:
        """Returns the code that confirms it."""
        code = secrets.token_hex(3)
        self._asked.clear()  # only what was asked last can be confirmed
        self._asked[code] = Asked(by, text, utcnow())
        return code

    def confirmed(self, by: UserRef, code: str) -> str | None:
        """What was asked for, once; None where nothing was, or too long ago, or by somebody
        else."""
        asked = self._asked.get(code.lower())
        if asked is None or asked.by != by or utcnow() - asked.time > PATIENCE:
            return None
        return self._asked.pop(code.lower()).text
