"""Sending again without saying it twice, after a kill, too.

Discord makes no second message for a nonce that it has seen in the last minutes; so a post that may
have been taken already is sent with the same one. https://discord.com/developers/docs/resources/message
"""

from __future__ import annotations

import hashlib
import secrets

from adapters.discord.reading import channel_of
from adapters.discord.recent import Recent
from bot.types import Place, Post

REMEMBERED = 10_000
DIGITS = 24
"""One less than Discord takes."""


class Nonces:
    def __init__(self) -> None:
        self._used: Recent[str, bool] = Recent(REMEMBERED)

    def of(self, place: Place, post: Post) -> str:
        """The same for the same post, until it is known to stand there."""
        name = f"{channel_of(place)} {post.key}"
        nonce = hashlib.sha256(name.encode()).hexdigest()[:DIGITS]
        return fresh() if not post.key or nonce in self._used else nonce

    def used(self, nonce: str) -> None:
        """A message stands there with it: a later one is another."""
        self._used[nonce] = True


def fresh() -> str:
    return secrets.token_hex(DIGITS // 2)
