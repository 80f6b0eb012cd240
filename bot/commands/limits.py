"""The commands that show and set how much people may ask for."""

from __future__ import annotations

from dataclasses import asdict

from bot import texts_for_people as texts
from bot.commands import Call, Command, group
from bot.commands.people import WHOSE, person
from bot.commands.values import changed
from bot.errors import CommandError
from bot.limits import NAMES, Standing
from bot.types import CommandSpec, Parameter, Post, Role

DEFAULT = "default"


async def show(call: Call) -> Post:
    own, place = await call.services.gate.standing(call.user, call.role, call.place)
    return Post("\n".join([texts.YOURS(), *_lines(own), "", texts.OF_CHAT(), *_lines(place)]))


def _lines(standing: Standing) -> list[str]:
    used = {"tokens_per_day": standing.demand.tokens, "waiting": standing.demand.turns}
    return [
        f"- `{name}` {texts.limit(most, used.get(name))}"
        for name, most in asdict(standing.allowed).items()
    ]


async def set_(call: Call) -> Post:
    """Of a person, which is for owners, or of this chat."""
    of = person(call) if call.text("who") or call.event.about else call.place
    if of is not call.place and call.role < Role.OWNER:
        raise CommandError("A person's limits are for the role owner.")
    value = call.text("value")
    new = None if value.lower() == DEFAULT else value
    return Post(changed(await call.services.gate.set(of, call.text("name"), new, call.user)))


NAME = Parameter("name", "which limit", choices=NAMES)
VALUE = Parameter("value", "a number, off for no limit, or default")

LIMITS = (
    group(
        "limits",
        "how much may be asked of me",
        Command(
            CommandSpec("show", "what you and this chat may ask, and have asked", private=True),
            show,
        ),
        Command(
            CommandSpec(
                "set",
                "set a limit of this chat, or of a person",
                (NAME, VALUE, WHOSE),
                role=Role.ADMIN,
            ),
            set_,
        ),
        default="show",
    ),
)
