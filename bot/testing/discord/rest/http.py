"""The HTTP face: tokens, rate limits, errors, trouble, downloads."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any

from aiohttp import web

from bot.testing.common import wire
from bot.testing.common.faults import Fault, Faults
from bot.testing.discord.failures import (
    ApiError,
    Banned,
    method_not_allowed,
    not_found,
    rate_limited,
    unauthorized,
)
from bot.testing.discord.rates import Limiter
from bot.testing.discord.rest.call import LARGEST, Answer, read
from bot.testing.discord.rest.methods import ROUTES, Route
from bot.testing.discord.world import World

BASE = "/api/v10"
VIA = {"Via": "1.1 google"}
"""What tells the API's own answers from Cloudflare's."""
MAJOR = ("channel", "guild", "webhook", "token", "interaction")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """`calls` counts what was asked for, by the routes' names, refused requests included; `log`
    lists them in order, each with its status."""

    def __init__(self, world: World, faults: Faults, limiter: Limiter):
        self.world, self.faults, self.limiter = world, faults, limiter
        self.calls: Counter[str] = Counter()
        self.log: list[tuple[str, int]] = []

    def app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST)
        for route in ROUTES:
            app.router.add_route(route.method, BASE + route.path, self._handler(route))
        app.router.add_route("*", BASE + "/{rest:.*}", self._nowhere)
        app.router.add_get("/attachments/{channel}/{file}/{name}", self._download)
        return app

    def _handler(self, route: Route) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.calls[route.name] += 1
            self.world.stirred.set()
            fault = self.faults.strike(route.name, _number(request, "channel"))
            answer = await self._answered(request, route, fault)
            answer.headers["Date"] = formatdate(self.world.clock.date(), usegmt=True)
            self.log.append((route.name, answer.status))
            if answer.headers.get("X-RateLimit-Scope") != "shared":
                self.limiter.invalid(answer.status)
            self.world.stirred.set()
            await wire.back(request, fault)
            return answer

        return handle

    async def _answered(
        self, request: web.Request, route: Route, fault: Fault | None
    ) -> web.Response:
        headers: dict[str, str] = {}
        try:
            await wire.there(request, fault)
            _refuse(fault)
            if route.authenticated:
                self._admit(request)
            headers = self.limiter.spend(route.name, _major(request))
            call = await read(request)
            return _json(await route.run(self.world, call), headers)
        except ApiError as error:
            return _failure(error, headers)
        except Banned:
            return _banned()

    def _admit(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bot {self.world.token}":
            raise unauthorized()

    async def _nowhere(self, request: web.Request) -> web.StreamResponse:
        """Known with another method, or not at all."""
        path = request.path.removeprefix(BASE)
        known = any(route.matches(path) for route in ROUTES)
        return _failure(method_not_allowed() if known else not_found(), {})

    async def _download(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.strike("download")
        try:
            await wire.there(request, fault)
            _refuse(fault)
        except ApiError as error:
            return web.Response(status=error.status)
        except Banned:
            return _banned()
        file = self.world.files.get(_number(request, "file") or 0)
        await wire.back(request, fault)
        if file is None:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=file.data, headers={"Content-Type": file.media_type})


def _refuse(fault: Fault | None) -> None:
    match fault:
        case Fault(kind="status"):
            raise ApiError(fault.code, 0, f"{fault.code}: Service Unavailable")
        case Fault(kind="flood"):
            raise rate_limited(fault.seconds, scope="shared")
        case Fault(kind="ban"):
            raise Banned


def _json(answer: Answer, headers: dict[str, str]) -> web.Response:
    if answer.body is None:
        return web.Response(status=204, headers=VIA | headers)
    return _response(answer.body, answer.status, headers)


def _failure(error: ApiError, headers: dict[str, str]) -> web.Response:
    return _response(error.json, error.status, headers | error.headers)


def _banned() -> web.Response:
    """Cloudflare's, not the API's: a page, and no Via."""
    page = "<html>error code: 1015</html>"
    return web.Response(
        status=429, text=page, content_type="text/html", headers={"Retry-After": "3600"}
    )


def _response(body: Any, status: int, headers: dict[str, str]) -> web.Response:
    """Without a charset: discord.py takes only the bare media type for JSON."""
    kind = {"Content-Type": "application/json"}
    text = json.dumps(body).encode()
    return web.Response(body=text, status=status, headers=VIA | headers | kind)


def _major(request: web.Request) -> str:
    return "+".join(request.match_info.get(name, "") for name in MAJOR)


def _number(request: web.Request, name: str) -> int | None:
    text = request.match_info.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None
