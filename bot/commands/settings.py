"""Commands that look at the settings of a place."""

from __future__ import annotations

from bot import texts
from bot.commands import Call, Command, group
from bot.commands.values import changed, shown
from bot.effective import KINDS
from bot.errors import CommandError
from bot.settings import scopes_of
from bot.texts_for_places import change_of_setting, holds, origin
from bot.types import CommandSpec, Parameter, Post

SEEN = 20
"""How many changes the history shows."""


async def show(call: Call) -> Post:
    name = call.text("name")
    return Post(await chain(call, name) if name else await _all(call))


async def _all(call: Call) -> str:
    effective = await call.services.settings.effective(call.place)
    model = call.services.engine.info.name
    return "\n".join(
        f"- `{name}` {shown(effective.value(name))} ({origin(effective.source(name), model)})"
        for name in KINDS
    )


async def chain(call: Call, name: str) -> str:
    """Of one setting: every value on the way, the one that holds last."""
    layers = [x for x in await call.services.settings.layers(call.place) if name in x.values]
    model = call.services.engine.info.name
    steps = (f"{shown(x.values[name])} ({origin(x.source, model)})" for x in layers)
    return f"`{name}`: {' → '.join(steps)}"


async def holding(call: Call, name: str) -> str:
    effective = await call.services.settings.effective(call.place)
    source = origin(effective.source(name), call.services.engine.info.name)
    return holds(shown(effective.value(name)), source)


async def history(call: Call) -> Post:
    changes = await call.services.settings.history(call.place, SEEN)
    if not changes:
        raise CommandError("Nothing has been set here yet.")
    scopes = scopes_of(call.place)
    lines = (
        change_of_setting(
            texts.moment(change.time), change.by, changed(change), scopes[change.scope]
        )
        for change in changes
    )
    return Post("\n".join(f"- {line}" for line in lines))


WHICH = Parameter("name", "one setting, with every step of its origin", "text", False, tuple(KINDS))

SETTINGS = (
    group(
        "settings",
        "what is set here",
        Command(
            CommandSpec("show", "what holds here and where it comes from", (WHICH,), private=True),
            show,
        ),
        Command(CommandSpec("history", "who changed what, when, and from what"), history),
        default="show",
    ),
)
