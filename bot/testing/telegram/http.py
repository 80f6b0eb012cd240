"""The HTTP face of the Bot API: tokens, envelopes, trouble, downloads."""

from __future__ import annotations

from collections import Counter
from email.utils import formatdate
from typing import Any

from aiohttp import web

from bot.testing.common import wire
from bot.testing.common.faults import Fault, Faults
from bot.testing.telegram.failures import ApiError, flood, not_found, unauthorized
from bot.testing.telegram.methods import METHODS
from bot.testing.telegram.parameters import Parameters, read
from bot.testing.telegram.world import World

LARGEST_BODY = 64 * 1024 * 1024


class Api:
    """`calls` counts what was asked for; `unknown` names methods that this server is too old for,
    and a revoked token is set as `world.token`."""

    def __init__(self, world: World, faults: Faults):
        self.world, self.faults = world, faults
        self.calls: Counter[str] = Counter()
        self.unknown: set[str] = set()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        return app

    async def _call(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        self.calls[name] += 1
        self.world.stirred.set()
        given = await read(request)
        fault = self.faults.strike(name, given.values.get("chat_id"))
        try:
            await wire.there(request, fault)
            _refuse(fault)
            answer = _answer(await self._result(request, name, given))
        except ApiError as error:
            answer = _failure(error)
        self.world.stirred.set()
        await wire.back(request, fault)
        answer.headers["Date"] = formatdate(self.world.clock.date(), usegmt=True)
        return answer

    async def _result(self, request: web.Request, name: str, given: Parameters) -> Any:
        self._admit(request)
        method = METHODS.get(name.lower())
        if method is None or name in self.unknown:
            raise not_found()
        return await method(self.world, given)

    def _admit(self, request: web.Request) -> None:
        token = request.match_info["token"]
        number, colon, secret = token.partition(":")
        if not (colon and number.isdigit() and secret):
            raise not_found()
        if token != self.world.token:
            raise unauthorized()

    async def _download(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.strike("download")
        try:
            await wire.there(request, fault)
            _refuse(fault)
            self._admit(request)
        except ApiError as error:
            return _failure(error)
        file = self.world.files.get(request.match_info["path"].removeprefix("documents/"))
        await wire.back(request, fault)
        return web.Response(body=file.data) if file else _failure(not_found())


def _refuse(fault: Fault | None) -> None:
    match fault:
        case Fault(kind="status"):
            raise ApiError(fault.code, "Internal Server Error")
        case Fault(kind="flood"):
            raise flood(int(fault.seconds))


def _answer(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _failure(error: ApiError) -> web.Response:
    return web.json_response(error.json(), status=error.code)
