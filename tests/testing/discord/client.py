"""Bots without an SDK: plain HTTP, and one WebSocket."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, FormData, WSMsgType

from bot.testing.discord import DiscordServer, Intents

Json = dict[str, Any]
EVERYTHING = int(~Intents.NONE)


@dataclass(frozen=True)
class Answered:
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> int:
        return int(self.body["code"])

    @property
    def errors(self) -> Json:
        """What is wrong with the form, by path."""
        errors: Json = self.body["errors"]
        return errors


class Rest:
    def __init__(self, server: DiscordServer, session: ClientSession):
        self.server, self.session = server, session

    async def raw(self, method: str, path: str, body: Any = None, **more: Any) -> Answered:
        headers = {"Authorization": f"Bot {more.pop('token', self.server.token)}"}
        given = {"json": body} if body is not None else {}
        url = self.server.api_url + path
        async with self.session.request(method, url, headers=headers, **given, **more) as answer:
            is_json = answer.headers.get("Content-Type") == "application/json"
            content = await answer.json() if is_json else await answer.text()
            return Answered(answer.status, content, dict(answer.headers))

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = await self.raw(method, path, body, **more)
        assert answer.status < 300, answer
        return answer.body

    async def refused(self, method: str, path: str, body: Any = None, **more: Any) -> int:
        """The code of the refusal."""
        answer = await self.raw(method, path, body, **more)
        assert answer.status >= 400, answer
        return answer.code

    async def send(self, channel_id: int, content: str = "hi", **more: Any) -> Answered:
        body = {"content": content, **more}
        return await self.raw("POST", f"/channels/{channel_id}/messages", body)

    async def upload(self, channel_id: int, payload: Json, **files: bytes) -> Answered:
        form = FormData(quote_fields=False)
        form.add_field("payload_json", json.dumps(payload))
        for number, (name, data) in enumerate(files.items()):
            form.add_field(f"files[{number}]", BytesIO(data), filename=f"{name}.txt")
        return await self.raw("POST", f"/channels/{channel_id}/messages", data=form)


@asynccontextmanager
async def rest(server: DiscordServer) -> AsyncIterator[Rest]:
    async with ClientSession() as session:
        yield Rest(server, session)


class Shard:
    """One connection to the gateway; `seen` are the names of the events that it got."""

    def __init__(self, server: DiscordServer, socket: ClientWebSocketResponse):
        self.server, self.socket = server, socket
        self.seen: list[str] = []
        self.seq = 0
        self._inflate = zlib.decompressobj()

    async def send(self, op: int, data: Any) -> None:
        await self.socket.send_str(json.dumps({"op": op, "d": data}))

    async def frame(self) -> Json:
        message = await self.socket.receive(timeout=10)
        if message.type is WSMsgType.BINARY:
            assert message.data.endswith(b"\x00\x00\xff\xff")
            frame: Json = json.loads(self._inflate.decompress(message.data))
        else:
            assert message.type is WSMsgType.TEXT, message
            frame = json.loads(message.data)
        if frame["t"]:
            self.seen.append(frame["t"])
            self.seq = frame["s"]
        return frame

    async def op(self, op: int) -> Json:
        """The next frame with this opcode."""
        while (frame := await self.frame())["op"] != op:
            pass
        return frame

    async def event(self, name: str) -> Any:
        """The content of the next event of this name."""
        while (frame := await self.frame())["t"] != name:
            pass
        return frame["d"]

    async def closed(self) -> int:
        """The code that the server closes with."""
        while True:
            message = await self.socket.receive(timeout=10)
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING):
                return int(self.socket.close_code or 0)

    async def identify(self, intents: int = EVERYTHING, **more: Any) -> Any:
        """Returns what READY says."""
        await self.asks(intents, **more)
        return await self.event("READY")

    async def asks(self, intents: int = EVERYTHING, **more: Any) -> None:
        data = {"token": self.server.token, "intents": intents, "properties": {}, **more}
        await self.send(2, data)

    async def resume(self, session_id: str, seq: int, **more: Any) -> None:
        data = {"token": self.server.token, "session_id": session_id, "seq": seq, **more}
        await self.send(6, data)


@asynccontextmanager
async def shard(server: DiscordServer, query: str = "v=10&encoding=json") -> AsyncIterator[Shard]:
    """Connected, HELLO taken."""
    async with ClientSession() as session:
        socket = await session.ws_connect(f"{server.gateway.url}?{query}")
        connection = Shard(server, socket)
        yield connection
        await socket.close()
