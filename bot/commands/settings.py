"""Commands that look at the settings of a place and change them."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from bot import texts
from bot.commands import Call, Command, Handler, group
from bot.commands.values import changed, shown
from bot.errors import CommandError
from bot.settings import KINDS, here, scopes_of
from bot.types import CommandSpec, Parameter, Place, Post, Role, ThinkingMode

NAME = Parameter("name", "which setting", choices=tuple(KINDS))
VALUE = Parameter("value", "its new value")
SEEN = 20
"""How many changes the history shows."""

ScopeOf = Callable[[Place], str]


def server(place: Place) -> str:
    """The scope of the place's server. Raises CommandError."""
    for scope, called in scopes_of(place).items():
        if called == "server":
            return scope
    raise CommandError("This place belongs to no server.")


# --- looking ---------------------------------------------------------------------------------


async def show(call: Call) -> Post:
    name = call.text("name")
    return Post(await _chain(call, name) if name else await _all(call))


async def _all(call: Call) -> str:
    effective = await call.services.settings.effective(call.place)
    model = call.services.engine.info.name
    return "\n".join(
        f"- `{name}` {shown(effective.value(name))} ({texts.origin(effective.source(name), model)})"
        for name in KINDS
    )


async def _chain(call: Call, name: str) -> str:
    """Every value on the way, the one that holds last."""
    layers = [x for x in await call.services.settings.layers(call.place) if name in x.values]
    model = call.services.engine.info.name
    steps = (f"{shown(x.values[name])} ({texts.origin(x.source, model)})" for x in layers)
    return f"`{name}`: {' → '.join(steps)}"


async def _holding(call: Call, name: str) -> str:
    effective = await call.services.settings.effective(call.place)
    origin = texts.origin(effective.source(name), call.services.engine.info.name)
    return texts.holds(shown(effective.value(name)), origin)


async def history(call: Call) -> Post:
    changes = await call.services.settings.history(call.place, SEEN)
    if not changes:
        raise CommandError("Nothing has been set here yet.")
    scopes = scopes_of(call.place)
    lines = (
        texts.change_of_setting(
            texts.moment(change.time), change.by, changed(change), scopes[change.scope]
        )
        for change in changes
    )
    return Post("\n".join(f"- {line}" for line in lines))


# --- changing --------------------------------------------------------------------------------


def set_at(scope_of: ScopeOf) -> Handler:
    async def set_(call: Call) -> Post:
        name, value = call.text("name"), call.text("value")
        scope = scope_of(call.place)
        return Post(changed(await call.services.settings.set(scope, name, value, call.user)))

    return set_


def unset_at(scope_of: ScopeOf) -> Handler:
    async def unset(call: Call) -> Post:
        scope, name = scope_of(call.place), call.text("name")
        change = await call.services.settings.unset(scope, name, call.user)
        return Post(f"{changed(change)} ({await _holding(call, name)})")

    return unset


def undo_at(scope_of: ScopeOf) -> Handler:
    async def undo(call: Call) -> Post:
        changes = await call.services.settings.undo(scope_of(call.place), call.user)
        return Post("\n".join(map(changed, changes)))

    return undo


def redo_at(scope_of: ScopeOf) -> Handler:
    async def redo(call: Call) -> Post:
        changes = await call.services.settings.redo(scope_of(call.place), call.user)
        return Post("\n".join(map(changed, changes)))

    return redo


async def think(call: Call) -> Post:
    change = await call.services.settings.set(
        here(call.place), "thinking", call.text("mode"), call.user
    )
    return Post(changed(change))


async def budget(call: Call) -> Post:
    if not (tokens := call.text("tokens")):
        return Post(await _chain(call, "thinking_budget"))
    change = await call.services.settings.set(
        here(call.place), "thinking_budget", tokens, call.user
    )
    return Post(changed(change))


MODE = Parameter(
    "mode", "off, line (one line while it thinks) or open", choices=get_args(ThinkingMode)
)
TOKENS = Parameter("tokens", "the most tokens of thinking, or off", required=False)
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
    Command(
        CommandSpec("set", "change a setting of this place", (NAME, VALUE), role=Role.ADMIN),
        set_at(here),
    ),
    Command(
        CommandSpec("unset", "go back to what is inherited", (NAME,), role=Role.ADMIN),
        unset_at(here),
    ),
    Command(
        CommandSpec(
            "undo", "take back the last change of a setting; again, the one before", role=Role.ADMIN
        ),
        undo_at(here),
    ),
    Command(CommandSpec("redo", "take back the last undo", role=Role.ADMIN), redo_at(here)),
    group(
        "server",
        "settings of the whole server, where its places set nothing else",
        Command(
            CommandSpec("set", "change a setting of the server", (NAME, VALUE), role=Role.ADMIN),
            set_at(server),
        ),
        Command(
            CommandSpec("unset", "go back to what the config says", (NAME,), role=Role.ADMIN),
            unset_at(server),
        ),
        Command(
            CommandSpec("undo", "take back the last change of the server's", role=Role.ADMIN),
            undo_at(server),
        ),
        Command(
            CommandSpec("redo", "take back the last undo of the server's", role=Role.ADMIN),
            redo_at(server),
        ),
    ),
    Command(
        CommandSpec(
            "think",
            "whether the model thinks first, and how much of it is shown",
            (MODE,),
            role=Role.ADMIN,
        ),
        think,
    ),
    Command(
        CommandSpec(
            "budget", "how long the model may think before it answers", (TOKENS,), role=Role.ADMIN
        ),
        budget,
    ),
)
