"""A word to all places at once: asked for, confirmed, and sent one by one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

from bot import texts_for_owners as texts
from bot.commands import Call, Command, group
from bot.errors import CommandError
from bot.types import CommandSpec, Parameter, Place, Post, Role, utcnow

LATELY = timedelta(days=90)
"""Places where nobody has spoken for longer are left in peace."""


async def prepare(call: Call) -> Post:
    places = [place for found in await _places(call) for place in found]
    if not places:
        raise CommandError("There is nobody to tell: nobody has spoken lately.")
    text = call.text("text")
    code = call.services.confirmations.ask(call.user, partial(_send_everywhere, call, text))
    ready = texts.broadcast_ready(len(places), code, text)
    return Post(ready, buttons=call.confirming(texts.SEND(), code))


async def send(call: Call) -> Post:
    confirmed = call.services.confirmations.take(call.text("code").lower(), call.user)
    if confirmed is None:
        raise CommandError("There is nothing to send under this code: /broadcast prepares it.")
    return await confirmed()


async def _send_everywhere(call: Call, text: str) -> Post:
    async with asyncio.TaskGroup() as networks:
        sent = [networks.create_task(_send(call, found, text)) for found in await _places(call)]
    results = [result for task in sent for result in task.result()]
    return Post(texts.broadcast_done(sum(results), results.count(False)))


async def _places(call: Call) -> list[list[Place]]:
    """Of each network."""
    since, store = utcnow() - LATELY, call.services.store
    return [await store.places(network, since) for network in call.services.desk.presenters]


async def _send(call: Call, places: list[Place], text: str) -> list[bool]:
    """One after the other, so that replies to people come between them."""
    return [await call.services.desk.tell(place, Post(text)) for place in places]


BROADCAST = (
    group(
        "broadcast",
        "tell something to every place",
        Command(
            CommandSpec(
                "prepare",
                "what to tell; nothing is sent yet",
                (Parameter("text", "what to tell everybody", long=True),),
                role=Role.OWNER,
                private=True,
            ),
            prepare,
        ),
        Command(
            CommandSpec(
                "send",
                "send what was prepared",
                (Parameter("code", "the code that was given for it"),),
                role=Role.OWNER,
                private=True,
            ),
            send,
        ),
        default="prepare",
    ),
)
