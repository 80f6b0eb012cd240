"""One-time codes: an owner makes one, whoever redeems it is admitted."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from bot import texts_for_people as texts
from bot.errors import CommandError
from bot.store import Store
from bot.types import Rate, UserRef, utcnow

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that look alike."""
LENGTH, GROUP = 12, 4
"""60 bits: too many to be tried in its lifetime, and too many to be found from its hash."""
LIFETIME = timedelta(minutes=15)

TRIES = Rate(burst=5, seconds=720)
ALL_TRIES = Rate(burst=100, seconds=36)
"""Of one person and of all: 5 and 100 an hour."""


class Pairing:
    def __init__(self, store: Store):
        self._store = store

    async def offer(self) -> str:
        """A new code."""
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        await self._store.offer(_hash(code), utcnow() + LIFETIME)
        return "-".join(code[at : at + GROUP] for at in range(0, LENGTH, GROUP))

    async def redeem(self, code: str, user: UserRef) -> None:
        """Raises CommandError, also for who tries too often."""
        wait = await self._store.take({f"pair {user}": TRIES, "pair": ALL_TRIES})
        if wait > 0:
            raise CommandError(texts.too_fast(wait))
        if not await self._store.redeem(_hash(code), user):
            raise CommandError(texts.NO_SUCH_CODE())


def _hash(code: str) -> str:
    """However it is written. It is random, so a fast hash does: there is no list to try."""
    letters = "".join(letter for letter in code.upper()[:100] if letter in LETTERS)
    return hashlib.sha256(letters.encode()).hexdigest()
