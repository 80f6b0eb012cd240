"""What is done once whoever asked for it has pressed a button. A restart forgets what was asked."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import texts
from bot.errors import CommandError
from bot.types import Button, Post, UserRef, utcnow

PATIENCE = timedelta(minutes=10)
"""How long the button works."""
MOST = 1_000

Action = Callable[[], Awaitable[Post]]
"""Returns what to answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    by: UserRef
    action: Action
    time: datetime


class Confirmations:
    def __init__(self) -> None:
        self._asked: OrderedDict[str, Asked] = OrderedDict()

    def button(self, label: str, by: UserRef, action: Action) -> Button:
        key = secrets.token_urlsafe(12)
        self._asked[key] = Asked(by, action, utcnow())
        if len(self._asked) > MOST:
            self._asked.popitem(last=False)
        return Button(label, key)

    def take(self, id: str, by: UserRef) -> Action | None:
        """What the button confirms, once; None where it is no button of these, or too old a one.
        Raises CommandError for somebody else."""
        asked = self._asked.get(id)
        if asked is None or utcnow() - asked.time > PATIENCE:
            return None
        if asked.by != by:
            raise CommandError(texts.NOT_YOUR_BUTTON())
        return self._asked.pop(id).action
