"""All sessions, and what a test does to them."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

from aiohttp import web

from bot.testing.common.signal import Signal
from bot.testing.common.wire import cut
from bot.testing.discord.accounts import Json
from bot.testing.discord.gateway.connection import Connection
from bot.testing.discord.gateway.frames import Close, Op
from bot.testing.discord.gateway.heartbeats import Heartbeats
from bot.testing.discord.gateway.session import Session, Shard
from bot.testing.discord.guilds import Guild
from bot.testing.discord.intents import Intents
from bot.testing.discord.world import Data, World

PATH = "/gateway/"
IDENTIFY_SECONDS = 5.0
"""Between two IDENTIFYs of one rate limit key, on the server's clock."""
IDENTIFIES_A_DAY = 1000
RESUMABLE_SECONDS = 180.0
"""How long a session waits for its client, on the server's clock."""


class Gateway:
    """`received` counts the opcodes that clients sent, `closed` the codes that they were closed
    with. While `acknowledges` is off no heartbeat is acknowledged, while `frozen` nothing at all
    is sent, while `offline` nobody can connect. `repeats` is how many events before the asked one
    a replay sends again, `identify_seconds` lie between two IDENTIFYs, `shards` are recommended
    and `least_shards` accepted."""

    def __init__(
        self,
        world: World,
        *,
        interval: float = 41.25,
        shards: int = 1,
        least_shards: int = 1,
        concurrency: int = 1,
    ):
        self.world = world
        self.heartbeats = Heartbeats(interval)
        self.shards, self.least_shards, self.concurrency = shards, least_shards, concurrency
        self.identifies_left = IDENTIFIES_A_DAY
        self.sessions: dict[str, Session] = {}
        self.connections: dict[int, Connection] = {}
        self.received: Counter[Op] = Counter()
        self.closed: Counter[int] = Counter()
        self.invalidated = 0
        self.acknowledges, self.offline, self.repeats = True, False, 0
        self.identify_seconds = IDENTIFY_SECONDS
        self.thawed = asyncio.Event()
        self.thawed.set()
        self.stirred: Signal = world.stirred
        self._identified: dict[int, float] = {}
        self._numbers = 0

    # --- for the world ---------------------------------------------------------------------------

    def dispatch(self, name: str, data: Data, *, guild_id: int | None, intent: Intents) -> None:
        for session in self.sessions.values():
            if session.shard.serves(guild_id) and intent in session.intents:
                session.dispatch(name, data(session.intents) if callable(data) else data)

    # --- for a test ------------------------------------------------------------------------------

    @property
    def connected(self) -> list[Connection]:
        """Those with a session."""
        return [c for c in self.connections.values() if c.session is not None]

    def cut(self) -> None:
        """The network fails under every connection."""
        for connection in list(self.connections.values()):
            connection.abort()

    def close(self, code: int = Close.UNKNOWN_ERROR) -> None:
        for connection in list(self.connections.values()):
            connection.end(code)

    def asks_to_reconnect(self) -> None:
        for connection in self.connected:
            connection.send(Op.RECONNECT, None)

    def asks_for_heartbeat(self) -> None:
        for connection in self.connected:
            connection.send(Op.HEARTBEAT, None)

    def invalidates(self, *, resumable: bool = False) -> None:
        for connection in self.connected:
            connection.invalidate(resumable=resumable)

    def forgets(self) -> None:
        """No session that is away can be resumed."""
        for session in [s for s in self.sessions.values() if s.outbox is None]:
            del self.sessions[session.id]

    @property
    def frozen(self) -> bool:
        return not self.thawed.is_set()

    @frozen.setter
    def frozen(self, frozen: bool) -> None:
        if frozen:
            self.thawed.clear()
        else:
            self.thawed.set()

    # --- for a connection ------------------------------------------------------------------------

    async def connect(self, request: web.Request) -> web.StreamResponse:
        if self.offline:
            await cut(request)
        self._numbers += 1
        connection = Connection(self, self._numbers, request)
        self.connections[connection.number] = connection
        try:
            return await connection.serve()
        finally:
            del self.connections[connection.number]
            self.stirred.set()

    def may_identify(self, shard: Shard) -> bool:
        """One each five seconds for each rate limit key; counts as one if it may."""
        key, now = shard.id % self.concurrency, self.world.clock.now()
        if now - self._identified.get(key, float("-inf")) < self.identify_seconds:
            return False
        self._identified[key] = now
        self.identifies_left -= 1
        return self.identifies_left >= 0

    def begin(self, shard: Shard, intents: Intents) -> Session:
        for away in [s for s in self.sessions.values() if self._expired(s)]:
            self.end(away)
        session = Session(shard, intents)
        self.sessions[session.id] = session
        return session

    def resumable(self, id: str) -> Session | None:
        session = self.sessions.get(id)
        return None if session is None or self._expired(session) else session

    def _expired(self, session: Session) -> bool:
        away = self.world.clock.now() - session.left
        return session.outbox is None and away > RESUMABLE_SECONDS

    def takes_over(self, session: Session) -> None:
        """A connection that still has this session loses it."""
        for connection in self.connected:
            if connection.session is session:
                connection.session = None
                connection.end(Close.UNKNOWN_ERROR)

    def leave(self, session: Session) -> None:
        """Its client is gone, and may come back."""
        session.outbox, session.left = None, self.world.clock.now()

    def end(self, session: Session) -> None:
        with suppress(KeyError):
            del self.sessions[session.id]

    def served(self, session: Session) -> list[Guild]:
        guilds = [g for g in self.world.guilds.values() if g.joined is not None]
        return [guild for guild in guilds if session.shard.serves(guild.id)]

    def ready(self, session: Session) -> Json:
        served = self.served(session)
        return {
            "v": 10,
            "user": self.world.bot.json | {"verified": True, "mfa_enabled": True, "email": None},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in served],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "session_type": "normal",
            "private_channels": [],
            "shard": [session.shard.id, session.shard.count],
            "application": {"id": str(self.world.bot.id), "flags": self.world.application_flags},
        }

    @property
    def url(self) -> str:
        return self.world.url.replace("http", "ws", 1) + PATH

    @property
    def start(self) -> Json:
        limit = {
            "total": IDENTIFIES_A_DAY,
            "remaining": self.identifies_left,
            "reset_after": 24 * 3600 * 1000,
            "max_concurrency": self.concurrency,
        }
        return {"shards": self.shards, "session_start_limit": limit}
