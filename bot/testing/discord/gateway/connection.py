"""One WebSocket of a client: HELLO, IDENTIFY or RESUME, heartbeats, events."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from bot.testing.discord.gateway.compression import compressor
from bot.testing.discord.gateway.frames import Close, Closing, Op, read
from bot.testing.discord.gateway.heartbeats import Pulse
from bot.testing.discord.gateway.protocol import take
from bot.testing.discord.gateway.session import Outbox, Session

if TYPE_CHECKING:
    from bot.testing.discord.gateway.gateway import Gateway

CLEAN = frozenset({1000, 1001})
"""A client that closes with one of these ends its session."""
VERSIONS = frozenset({"9", "10"})
EVENTS_A_MINUTE = 120


class Connection:
    """`number` is its place among all connections, from 1; `outbox` are the frames on their way."""

    pulse: Pulse

    def __init__(self, gateway: Gateway, number: int, request: web.Request):
        self.gateway, self.number = gateway, number
        self.session: Session | None = None
        self._request = request
        self._socket = web.WebSocketResponse(timeout=0.5, compress=False, max_msg_size=1 << 20)
        self.outbox: Outbox = asyncio.Queue()
        self._received: deque[float] = deque(maxlen=EVENTS_A_MINUTE)
        self._ending: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def serve(self) -> web.StreamResponse:
        await self._socket.prepare(self._request)
        self.pulse = self.gateway.heartbeats.start(self.number)
        try:
            code = await self._until_closed()
        finally:
            self.gateway.heartbeats.stop(self.pulse)
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
            take(self, read(message))
            self.gateway.stirred.set()
        if self._socket.close_code in CLEAN and self.session is not None:
            self.gateway.end(self.session)
        return 0

    def _count(self) -> None:
        now = self.gateway.world.clock.now()
        if len(self._received) == EVENTS_A_MINUTE and now - self._received[0] < 60.0:
            raise Closing(Close.RATE_LIMITED)
        self._received.append(now)

    # --- out -------------------------------------------------------------------------------------

    def send(self, op: Op, data: Any) -> None:
        self.outbox.put_nowait(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    async def _write(self) -> int:
        compress = compressor(self._request.query.get("compress", ""))
        if compress is None:
            raise Closing(Close.DECODE_ERROR)
        while True:
            frame = await self.outbox.get()
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
        while (left := heartbeats.left(self.pulse)) > 0:  # noqa: ASYNC110 – for a time
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
        if session is not None and session.outbox is self.outbox:
            self.gateway.leave(session)


def _reason(code: int) -> bytes:
    try:
        return Close(code).reason.encode()
    except ValueError:
        return b""
