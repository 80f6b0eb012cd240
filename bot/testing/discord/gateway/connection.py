"""One WebSocket of a client: HELLO, IDENTIFY or RESUME, heartbeats, events."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from aiohttp import WSMsgType, web

from bot.testing.discord.gateway.compression import compressor
from bot.testing.discord.gateway.frames import Close, Closing, Frame, Op, fields, read
from bot.testing.discord.gateway.session import Outbox, Session, Shard
from bot.testing.discord.intents import KNOWN, PRIVILEGED, Intents

if TYPE_CHECKING:
    from bot.testing.discord.gateway.gateway import Gateway

CLEAN = frozenset({1000, 1001})
"""A client that closes with one of these ends its session."""
VERSIONS = frozenset({"9", "10"})
EVENTS_A_MINUTE = 120


class Connection:
    """`number` is its place among all connections, from 1."""

    def __init__(self, gateway: Gateway, number: int, request: web.Request):
        self.gateway, self.number = gateway, number
        self.session: Session | None = None
        self._request = request
        self._socket = web.WebSocketResponse(timeout=0.5, compress=False, max_msg_size=1 << 20)
        self._outbox: Outbox = asyncio.Queue()
        self._received: deque[float] = deque(maxlen=EVENTS_A_MINUTE)
        self._ending: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def serve(self) -> web.StreamResponse:
        await self._socket.prepare(self._request)
        pulse = self.gateway.heartbeats.start(self.number)
        self._pulse = pulse
        try:
            code = await self._until_closed()
        finally:
            self.gateway.heartbeats.stop(pulse)
            self._leave()
        if code:
            self.gateway.closed[code] += 1
            await self._socket.close(code=code, message=_reason(code))
        return self._socket

    async def _until_closed(self) -> int:
        """Returns the code to close with, 0 where the client is gone already."""
        self.send(Op.HELLO, {"heartbeat_interval": round(self.gateway.heartbeats.interval * 1000)})
        tasks = [
            asyncio.ensure_future(work)
            for work in (self._listen(), self._write(), self._watch(), self._ending)
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        except Closing as closing:
            return closing.code
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # --- in --------------------------------------------------------------------------------------

    async def _listen(self) -> int:
        query = self._request.query
        if query.get("v", "") not in VERSIONS:
            raise Closing(Close.INVALID_API_VERSION)
        if query.get("encoding", "json") != "json":
            raise Closing(Close.DECODE_ERROR)
        async for message in self._socket:
            if message.type is WSMsgType.ERROR:
                break
            self._count()
            self._take(read(message))
            self.gateway.stirred.set()
        if self._socket.close_code in CLEAN and self.session is not None:
            self.gateway.end(self.session)
        return 0

    def _count(self) -> None:
        now = self.gateway.world.clock.now()
        if len(self._received) == EVENTS_A_MINUTE and now - self._received[0] < 60.0:
            raise Closing(Close.RATE_LIMITED)
        self._received.append(now)

    def _take(self, frame: Frame) -> None:
        handler = self._HANDLERS.get(frame.op)
        if handler is None:
            raise Closing(Close.UNKNOWN_OPCODE)
        self.gateway.received[Op(frame.op)] += 1
        first = frame.op in (Op.IDENTIFY, Op.RESUME)
        if first and self.session is not None:
            raise Closing(Close.ALREADY_AUTHENTICATED)
        if self.session is None and not first and frame.op != Op.HEARTBEAT:
            raise Closing(Close.NOT_AUTHENTICATED)
        handler(self, frame)

    def _heartbeat(self, frame: Frame) -> None:
        if frame.data is not None and type(frame.data) is not int:
            raise Closing(Close.DECODE_ERROR)
        self.gateway.heartbeats.beat(self._pulse)
        if self.gateway.acknowledges:
            self.send(Op.HEARTBEAT_ACK, None)

    def _identify(self, frame: Frame) -> None:
        given = fields(frame, token=str, intents=int, properties=dict)
        self._authenticate(given["token"])
        shard = self._shard(given.get("shard"))
        intents = self._intents(given["intents"])
        if not self.gateway.may_identify(shard):
            self.invalidate()
            return
        self.session = self.gateway.begin(shard, intents)
        self.session.outbox = self._outbox
        self.session.dispatch("READY", self.gateway.ready(self.session))
        self._introduce(self.session)

    def _introduce(self, session: Session) -> None:
        members = Intents.GUILD_MEMBERS in session.intents
        for guild in self.gateway.world.guilds.values():
            known = guild.joined is not None and session.shard.serves(guild.id)
            if known and Intents.GUILDS in session.intents:
                whole = guild.whole(members=members) | {"unavailable": False}
                session.dispatch("GUILD_CREATE", whole)

    def _authenticate(self, token: str) -> None:
        if token.removeprefix("Bot ") != self.gateway.world.token:
            raise Closing(Close.AUTHENTICATION_FAILED)

    def _shard(self, given: Any) -> Shard:
        if given is None:
            given = [0, 1]
        if not (isinstance(given, list) and [type(number) for number in given] == [int, int]):
            raise Closing(Close.INVALID_SHARD)
        shard = Shard(*given)
        if not 0 <= shard.id < shard.count:
            raise Closing(Close.INVALID_SHARD)
        if shard.count < self.gateway.least_shards:
            raise Closing(Close.SHARDING_REQUIRED)
        return shard

    def _intents(self, given: int) -> Intents:
        if given < 0 or given & ~int(KNOWN):
            raise Closing(Close.INVALID_INTENTS)
        intents = Intents(given)
        if intents & PRIVILEGED & ~self.gateway.world.granted:
            raise Closing(Close.DISALLOWED_INTENTS)
        return intents

    def _resume(self, frame: Frame) -> None:
        given = fields(frame, token=str, session_id=str, seq=int)
        self._authenticate(given["token"])
        session = self.gateway.resumable(given["session_id"])
        if session is None or not session.can_replay(given["seq"]):
            self.invalidate()
            return
        if not 0 <= given["seq"] <= session.seq:
            self.gateway.end(session)
            raise Closing(Close.INVALID_SEQ)
        self.gateway.takes_over(session)
        self.session = session
        session.replay(given["seq"], self._outbox, self.gateway.repeats)

    def _request_members(self, frame: Frame) -> None:
        if self.session is None:
            raise Closing(Close.NOT_AUTHENTICATED)
        given = fields(frame, guild_id=str) if not _has_int(frame) else fields(frame, guild_id=int)
        guild = self.gateway.world.guilds.get(int(given["guild_id"] or 0))
        if guild is None or guild.joined is None:
            return
        wanted = given.get("user_ids")
        query = str(given.get("query") or "").lower()
        whole = Intents.GUILD_MEMBERS in self.session.intents or wanted or query
        found = [
            member.full
            for member in guild.members.values()
            if whole and _matches(member.account.id, member.account.name, wanted, query)
        ]
        chunk = {"guild_id": str(guild.id), "chunk_index": 0, "chunk_count": 1}
        nonce = {"nonce": given["nonce"]} if given.get("nonce") else {}
        self.session.dispatch("GUILD_MEMBERS_CHUNK", {"members": found, **chunk, **nonce})

    def _nothing(self, frame: Frame) -> None:
        """Presence and voice: taken, and of no consequence here."""
        fields(frame)

    _HANDLERS: ClassVar[dict[int, Callable[[Connection, Frame], None]]] = {
        Op.HEARTBEAT: _heartbeat,
        Op.IDENTIFY: _identify,
        Op.RESUME: _resume,
        Op.REQUEST_GUILD_MEMBERS: _request_members,
        Op.PRESENCE_UPDATE: _nothing,
        Op.VOICE_STATE_UPDATE: _nothing,
    }

    # --- out -------------------------------------------------------------------------------------

    def send(self, op: Op, data: Any) -> None:
        self._outbox.put_nowait(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    async def _write(self) -> int:
        compress = compressor(self._request.query.get("compress", ""))
        if compress is None:
            raise Closing(Close.DECODE_ERROR)
        while True:
            frame = await self._outbox.get()
            await self.gateway.thawed.wait()
            sent = compress(frame)
            with suppress(ConnectionError):
                if isinstance(sent, str):
                    await self._socket.send_str(sent)
                else:
                    await self._socket.send_bytes(sent)

    async def _watch(self) -> int:
        """Raises Closing once the client's heart has stopped."""
        heartbeats = self.gateway.heartbeats
        while (left := heartbeats.left(self._pulse)) > 0:  # noqa: ASYNC110 – for a time
            await asyncio.sleep(left)
        if self.session is not None:
            self.gateway.end(self.session)
        raise Closing(Close.SESSION_TIMED_OUT)

    # --- its end ---------------------------------------------------------------------------------

    def invalidate(self, *, resumable: bool = False) -> None:
        self.gateway.invalidated += 1
        if self.session is not None and not resumable:
            self.gateway.end(self.session)
            self.session = None
        self.send(Op.INVALID_SESSION, resumable)

    def end(self, code: int) -> None:
        if not self._ending.done():
            self._ending.set_result(code)

    def abort(self) -> None:
        """As a cut cable does."""
        if self._request.transport is not None:
            self._request.transport.abort()
        self.end(0)

    def _leave(self) -> None:
        session, self.session = self.session, None
        if session is not None and session.outbox is self._outbox:
            self.gateway.leave(session)


def _reason(code: int) -> bytes:
    try:
        return Close(code).reason.encode()
    except ValueError:
        return b""


def _has_int(frame: Frame) -> bool:
    return isinstance(frame.data, dict) and type(frame.data.get("guild_id")) is int


def _matches(id: int, name: str, wanted: Any, query: str) -> bool:
    if wanted:
        listed = wanted if isinstance(wanted, list) else [wanted]
        return str(id) in [str(one) for one in listed]
    return name.lower().startswith(query)
