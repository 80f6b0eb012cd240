"""A bot without an SDK, for the strict Bot API server."""

from __future__ import annotations

from typing import Any

from aiohttp import ClientSession

from bot.testing.telegram import TelegramServer

Json = dict[str, Any]


class Client:
    """A bot without an SDK."""

    def __init__(self, server: TelegramServer, session: ClientSession):
        self.server, self.session = server, session

    async def raw(self, method: str, token: str = "", **parameters: Any) -> Json:
        url = f"{self.server.base_url}{token or self.server.token}/{method}"
        async with self.session.post(url, json=parameters) as answer:
            body: Json = await answer.json()
            assert body["ok"] == answer.ok
            return body

    async def call(self, method: str, **parameters: Any) -> Any:
        answer = await self.raw(method, **parameters)
        assert answer["ok"], answer
        return answer["result"]

    async def refused(self, method: str, **parameters: Any) -> str:
        answer = await self.raw(method, **parameters)
        assert not answer["ok"], answer
        return str(answer["description"])
