"""A session: what one shard of the bot is told, numbered, kept for a replay."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from bot.testing.discord.gateway.frames import Op
from bot.testing.discord.intents import Intents

KEPT = 5000
"""Events that can be replayed."""

Outbox = asyncio.Queue[str]
"""Frames on their way to one connection."""


@dataclass(frozen=True, slots=True)
class Shard:
    id: int = 0
    count: int = 1

    def serves(self, guild_id: int | None) -> bool:
        """Direct messages go to the first."""
        return (0 if guild_id is None else (guild_id >> 22) % self.count) == self.id


@dataclass(frozen=True, slots=True)
class Sent:
    seq: int
    frame: str


@dataclass(eq=False, slots=True)
class Session:
    """`outbox` is where a connected client listens, `left` when the client was gone, on the
    server's clock."""

    shard: Shard
    intents: Intents
    outbox: Outbox | None = None
    left: float = 0.0
    seq: int = 0
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    sent: deque[Sent] = field(default_factory=lambda: deque(maxlen=KEPT))

    def dispatch(self, name: str, data: Any) -> None:
        self.seq += 1
        frame = json.dumps({"op": Op.DISPATCH, "t": name, "s": self.seq, "d": data})
        self.sent.append(Sent(self.seq, frame))
        if self.outbox is not None:
            self.outbox.put_nowait(frame)

    def can_replay(self, seq: int) -> bool:
        oldest = self.sent[0].seq if self.sent else self.seq + 1
        return oldest <= seq + 1

    def replay(self, seq: int, outbox: Outbox, again: int = 0) -> None:
        """All after this number, and `again` of those before it once more."""
        for sent in self.sent:
            if sent.seq > seq - again:
                outbox.put_nowait(sent.frame)
        self.outbox = outbox
        self.dispatch("RESUMED", {})
