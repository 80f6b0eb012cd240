"""Commands that decide who may do what, here or everywhere."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

from bot import texts_for_people as texts
from bot.access import EVERYONE
from bot.commands import Call, Command, Handler
from bot.commands.people import WHERE, WHO, entry, scope
from bot.commands.values import changed
from bot.errors import CommandError
from bot.pairing import LIFETIME
from bot.settings import here, scopes_of
from bot.types import CommandSpec, Parameter, Post, RespondMode, Role


def give(role: Role) -> Handler:
    async def handler(call: Call) -> Post:
        who = entry(call)
        within, where = scope(call)
        if role is Role.BLOCKED and who == EVERYONE:
            raise CommandError("Everyone can't be blocked: `/deny everyone` closes a place.")
        await call.services.access.check(who, call.place, call.role)
        await call.services.store.grant(within, who, role, call.user)
        return Post(texts.is_now(who, role, where))

    return handler


def take_back(only: Role | None = None) -> Handler:
    """`only` this role, else whatever was given."""

    async def handler(call: Call) -> Post:
        who = entry(call)
        within, where = scope(call)
        given = await call.services.store.grants([within], [who])
        if not given or only not in (None, given[0].role):
            raise CommandError("There is nothing to take back: see /access.")
        await call.services.access.check(who, call.place, call.role)
        await call.services.store.grant(within, who, None, call.user)
        return Post(texts.taken_back(who, where))

    return handler


async def access(call: Call) -> Post:
    called = {"config": "config", "": "everywhere", **scopes_of(call.place)}
    lines = (
        texts.granted(grant.who, grant.role, called[grant.scope])
        for grant in await call.services.access.grants(call.place)
    )
    return Post("\n".join(f"- {line}" for line in lines) or texts.NOBODY())


async def pair(call: Call) -> Post:
    """An owner makes a code, whoever else redeems it."""
    pairing = call.services.pairing
    if code := call.text("code"):
        await pairing.redeem(code, call.user)
        return Post(texts.ADMITTED())
    if call.role is not Role.OWNER:
        raise CommandError("Write /pair and the code that my owner gave you.")
    if not call.is_private:
        raise CommandError(texts.ASK_IN_PRIVATE())
    return Post(texts.pairing_code(await pairing.offer(), LIFETIME // timedelta(minutes=1)))


async def respond(call: Call) -> Post:
    settings = call.services.settings
    change = await settings.set(here(call.place), "respond", call.text("to"), call.user)
    return Post(changed(change))


TO = Parameter("to", "mention (or reply), always, or only a command", choices=get_args(RespondMode))
CODE = Parameter("code", "what the owner gave you; owners get a new one without it", required=False)

ACCESS = (
    Command(
        CommandSpec("access", "who may do what here", role=Role.ADMIN, private=True),
        access,
    ),
    Command(
        CommandSpec("allow", "answer them here", (WHO, WHERE), role=Role.ADMIN), give(Role.USER)
    ),
    Command(
        CommandSpec("deny", "no longer answer them here", (WHO, WHERE), role=Role.ADMIN),
        give(Role.GUEST),
    ),
    Command(
        CommandSpec("block", "not even notice them here", (WHO, WHERE), role=Role.ADMIN),
        give(Role.BLOCKED),
    ),
    Command(
        CommandSpec("unblock", "take back a block", (WHO, WHERE), role=Role.ADMIN),
        take_back(Role.BLOCKED),
    ),
    Command(
        CommandSpec("grant", "make them an administrator of mine", (WHO, WHERE), role=Role.OWNER),
        give(Role.ADMIN),
    ),
    Command(
        CommandSpec(
            "revoke", "take back whatever was decided of them", (WHO, WHERE), role=Role.OWNER
        ),
        take_back(),
    ),
    Command(
        CommandSpec("pair", "be admitted, with a code", (CODE,), role=Role.GUEST, private=True),
        pair,
    ),
    Command(
        CommandSpec("respond", "what I answer here", (TO,), role=Role.ADMIN),
        respond,
    ),
)
