"""The config read again, a quiet end, and who changed what."""

from __future__ import annotations

from bot import texts
from bot import texts_for_owners as for_owners
from bot.commands import Call, Command
from bot.commands.values import changed
from bot.errors import CommandError, ConfigError
from bot.types import CommandSpec, Parameter, Post, Role

SHOWN = 20


async def reload(call: Call) -> Post:
    try:
        reloaded = await call.services.desk.reloader.reload()
    except ConfigError as error:
        raise CommandError("The config stays as it was: {problem}", problem=str(error)) from error
    return Post(for_owners.reloaded(reloaded.now, reloaded.later))


async def drain(call: Call) -> None:
    """The answer comes first: after the end nobody would bring it."""
    desk, lanes = call.services.desk, call.services.lanes
    await desk.tell(call.place, Post(for_owners.draining(len(lanes.overview()))))
    desk.end()


async def audit(call: Call) -> Post:
    changes = await call.services.store.audit(int(call.arguments.get("count", SHOWN)))
    if not changes:
        raise CommandError("Nothing has been changed yet.")
    lines = (
        for_owners.audited(texts.moment(each.time), each.by, each.scope, changed(each))
        for each in changes
    )
    return Post("\n".join(f"- {line}" for line in lines))


COUNT = Parameter("count", "how many changes", "integer", False, minimum=1, maximum=200)

UPKEEP = (
    Command(
        CommandSpec(
            "reload",
            "read the config again; what needs a restart is named",
            role=Role.OWNER,
            private=True,
        ),
        reload,
    ),
    Command(
        CommandSpec(
            "drain",
            "finish the replies in flight and end; what comes meanwhile is answered after the "
            "next start",
            role=Role.OWNER,
        ),
        drain,
    ),
    Command(
        CommandSpec(
            "audit",
            "who changed what: settings, access, model",
            (COUNT,),
            role=Role.OWNER,
            private=True,
        ),
        audit,
    ),
)
