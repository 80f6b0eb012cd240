"""Sending again without saying it twice.

Discord makes no second message for a nonce that it has seen in the last minutes; so a message whose
fate is unknown is sent with the same one. https://discord.com/developers/docs/resources/message
"""

from __future__ import annotations

import secrets
import time

from adapters.discord.recent import Recent
from bot.types import Place, Post

REMEMBERED = 1_000
LIFE = 120.0
"""Seconds for which a nonce is surely remembered by Discord."""

Key = tuple[Place, str, tuple[str, ...]]


class Nonces:
    def __init__(self) -> None:
        self._unsure: Recent[Key, tuple[str, float]] = Recent(REMEMBERED)

    def take(self, place: Place, post: Post) -> tuple[str, bool]:
        """Returns a nonce, and whether a message with it may stand there already: an older text
        of the same reply, then."""
        unsure = self._unsure.pop(_key(place, post))
        if unsure is not None and unsure[1] > time.monotonic():
            return unsure[0], True
        return secrets.token_hex(12), False

    def unsure(self, place: Place, post: Post, nonce: str) -> None:
        """Nobody knows whether Discord took it."""
        self._unsure[_key(place, post)] = nonce, time.monotonic() + LIFE


def _key(place: Place, post: Post) -> Key:
    """What an edit can't change."""
    return place, post.reply_to, tuple(file.name for file in post.files)
