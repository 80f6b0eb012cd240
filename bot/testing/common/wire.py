"""What a fault does to an HTTP request on its way, whichever network it is for."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.testing.common.faults import Fault


async def there(request: web.Request, fault: Fault | None) -> None:
    """Before anything is done: it may not get that far."""
    match fault:
        case Fault(kind="reset"):
            await cut(request)
        case Fault(kind="hang"):
            await asyncio.Event().wait()


async def back(request: web.Request, fault: Fault | None) -> None:
    """Once all is done: the answer may be late, or lost."""
    match fault:
        case Fault(kind="lost"):
            await cut(request)
        case Fault(kind="slow"):
            await asyncio.sleep(fault.seconds)


async def cut(request: web.Request) -> None:
    """The connection is closed without an answer."""
    if request.transport is not None:
        request.transport.abort()
    raise web.HTTPServiceUnavailable  # nobody is there to read it
