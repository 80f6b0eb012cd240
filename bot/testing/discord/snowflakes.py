"""Ids that carry their time. https://docs.discord.com/developers/reference#snowflakes"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from bot.testing.common.clock import Clock

EPOCH = 1_420_070_400_000
"""The first second of 2015, in milliseconds of Unix time."""

Snowflake = int


class Snowflakes:
    """Each id is higher than those before it, unless it is made for the past."""

    def __init__(self, clock: Clock):
        self._clock = clock
        self._numbers = itertools.count(1)

    def next(self, age: float = 0.0) -> Snowflake:
        """`age` is how many seconds ago it was made."""
        milliseconds = int((self._clock.unix() - age) * 1000) - EPOCH
        return (milliseconds << 22) | (next(self._numbers) & 0x3FFFFF)


def timestamp(id: Snowflake) -> str:
    """When it was made, as ISO 8601."""
    return iso(((id >> 22) + EPOCH) / 1000)


def iso(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).isoformat()
