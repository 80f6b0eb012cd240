"""Commands by which people rule over what is kept of them."""

from __future__ import annotations

import asyncio
import gzip
from functools import partial

from bot import texts_for_people as texts
from bot.commands import Call, Command
from bot.commands.values import changed
from bot.errors import CommandError
from bot.types import CommandSpec, File, Parameter, Post, Role

FOR_EVER = "forever"
INHERITED = "default"


async def mydata(call: Call) -> Post:
    if not call.is_private:
        raise CommandError(texts.ASK_IN_PRIVATE())
    data = await call.services.rights.export(call.user)
    file = await asyncio.to_thread(packed, data, call.limits.file_bytes)
    return Post(texts.YOUR_DATA(), files=(file,))


def packed(data: bytes, most: int) -> File:
    """Only if it has to be. Raises CommandError where even then it is larger than `most` bytes."""
    if len(data) <= most:
        return File("mydata.json", data, "application/json")
    if len(small := gzip.compress(data)) <= most:
        return File("mydata.json.gz", small, "application/gzip")
    raise CommandError("That is more than this network carries: ask my owner for it.")


async def forgetme(call: Call) -> Post:
    if call.text("sure").lower() == "yes":
        return await _forget(call)
    if not call.limits.buttons:
        return Post(f"{texts.FORGET_SURE()} {texts.FORGET_HOW()}")
    code = call.services.confirmations.ask(call.user, partial(_forget, call))
    return Post(texts.FORGET_SURE(), buttons=call.confirming(texts.FORGET_ME(), code))


async def _forget(call: Call) -> Post:
    gate, rights = call.services.gate, call.services.rights
    limited = (await gate.of_person(call.user, call.role)).tokens_per_day is not None
    failed = await rights.forget(call.user, keep_today=limited)
    return Post(texts.not_forgotten(failed) if failed else texts.FORGOTTEN())


async def optout(call: Call) -> Post:
    await call.services.rights.opt_out(call.user)
    return Post(texts.OPTED_OUT())


async def optin(call: Call) -> Post:
    await call.services.rights.opt_in(call.user)
    return Post(texts.OPTED_IN())


async def retention(call: Call) -> Post:
    kept = call.services.retention
    days = call.text("days").lower()
    if not days:
        held = await kept.days(call.place)
        return Post(texts.KEPT_FOR_EVER() if held is None else texts.kept_for(held))
    new = {INHERITED: None, FOR_EVER: "off"}.get(days, days)
    return Post(changed(await kept.set(call.place, new, call.user)))


SURE = Parameter("sure", "yes, once you have read what it does", required=False)
DAYS = Parameter("days", "a number, forever or default", required=False)

RIGHTS = (
    Command(CommandSpec("mydata", "all that I keep of you, as a file", private=True), mydata),
    Command(
        CommandSpec("forgetme", "delete all that I keep of you", (SURE,), private=True), forgetme
    ),
    Command(CommandSpec("optout", "keep and read nothing that I say", private=True), optout),
    Command(CommandSpec("optin", "keep and answer what I say again", private=True), optin),
    Command(
        CommandSpec(
            "retention",
            "after how many days what is said here is deleted",
            (DAYS,),
            role=Role.ADMIN,
        ),
        retention,
    ),
)
