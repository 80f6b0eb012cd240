"""The command that shows and sets how much people may ask for."""

from __future__ import annotations

from dataclasses import asdict

from bot import texts_for_people as texts
from bot.commands import Call, Command
from bot.commands.people import WHO, person
from bot.commands.values import changed
from bot.errors import CommandError
from bot.limits import NAMES, Standing
from bot.types import CommandSpec, Parameter, Post, Role

DEFAULT = "default"


async def limits(call: Call) -> Post:
    if not call.text("name"):
        own, place = await call.services.gate.standing(call.user, call.role, call.place)
        parts = [texts.YOURS(), *_lines(own), "", texts.OF_CHAT(), *_lines(place)]
        return Post("\n".join(parts), only_for=call.user)
    of = person(call) if call.text("who") else call.place
    needed = Role.ADMIN if of is call.place else Role.OWNER
    if call.role < needed:
        raise CommandError(
            "/{command} is for the role {role} and above.",
            command="limits",
            role=needed.name.lower(),
        )
    value = call.text("value")
    if not value:
        raise CommandError("Write a number, off for no limit, or default.")
    new = None if value.lower() == DEFAULT else value
    return Post(changed(await call.services.gate.set(of, call.text("name"), new, call.user)))


def _lines(standing: Standing) -> list[str]:
    used = {"tokens_per_day": standing.demand.tokens, "waiting": standing.demand.turns}
    return [
        f"- `{name}` {texts.limit(most, used.get(name))}"
        for name, most in asdict(standing.allowed).items()
    ]


NAME = Parameter("name", "which limit", required=False, choices=NAMES)
VALUE = Parameter("value", "a number, off or default", required=False)

LIMITS = (
    Command(
        CommandSpec(
            "limits",
            "how much may be asked of me: look, or set it for this chat",
            (NAME, VALUE, WHO),
        ),
        limits,
    ),
)
