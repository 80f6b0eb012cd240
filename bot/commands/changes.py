"""Commands that change the settings of a place or of its server."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from bot.commands import Call, Command, Handler, group
from bot.commands.settings import chain, holding
from bot.commands.values import changed
from bot.effective import KINDS
from bot.errors import CommandError
from bot.settings import here, scopes_of
from bot.types import CommandSpec, Parameter, Place, Post, Role, ThinkingMode

ScopeOf = Callable[[Place], str]


def server(place: Place) -> str:
    """The scope of the place's server. Raises CommandError."""
    for scope, called in scopes_of(place).items():
        if called == "server":
            return scope
    raise CommandError("This place belongs to no server.")


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
        return Post(f"{changed(change)} ({await holding(call, name)})")

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
        return Post(await chain(call, "thinking_budget"))
    change = await call.services.settings.set(
        here(call.place), "thinking_budget", tokens, call.user
    )
    return Post(changed(change))


NAME = Parameter("name", "which setting", choices=tuple(KINDS))
VALUE = Parameter("value", "its new value")
MODE = Parameter(
    "mode", "off, line (one line while it thinks) or open", choices=get_args(ThinkingMode)
)
TOKENS = Parameter("tokens", "the most tokens of thinking, or off", required=False)

CHANGES = (
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
