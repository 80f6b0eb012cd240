"""What is done once whoever asked for it confirms it: with a button, or with the code that is the
button's id. A restart forgets what was asked."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.types import Post, UserRef, utcnow

PATIENCE = timedelta(minutes=10)
"""How long it can be confirmed."""
MOST = 1_000

Action = Callable[[], Awaitable[Post]]
"""Returns what to answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    by: UserRef
    action: Action
    time: datetime

    @property
    def alive(self) -> bool:
        return utcnow() - self.time <= PATIENCE


class Confirmations:
    def __init__(self) -> None:
        self._asked: OrderedDict[str, Asked] = OrderedDict()

    def ask(self, by: UserRef, action: Action) -> str:
        """Returns the code."""
        code = secrets.token_hex(4)
        self._asked[code] = Asked(by, action, utcnow())
        if len(self._asked) > MOST:
            self._asked.popitem(last=False)
        return code

    def __contains__(self, code: str) -> bool:
        return code in self._asked and self._asked[code].alive

    def take(self, code: str, by: UserRef) -> Action | None:
        """What was asked for, once; None where nothing was, or too long ago, or by somebody
        else."""
        if code not in self or self._asked[code].by != by:
            return None
        return self._asked.pop(code).action
