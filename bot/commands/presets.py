"""Named sets of sampling settings: chinwag's own and those of a place."""

from __future__ import annotations

from collections.abc import Mapping

from bot.commands import Call, Command, group
from bot.commands.kept import Kept
from bot.commands.values import changed, shown
from bot.effective import SAMPLING
from bot.errors import CommandError
from bot.kinds import Value, quoted
from bot.settings import here
from bot.types import CommandSpec, Parameter, Post, Role

OWN: Mapping[str, Mapping[str, Value]] = {
    "precise": {"temperature": 0.2, "top_p": 0.9, "top_k": 40, "min_p": 0.0},
    "balanced": {"temperature": 0.7, "top_p": 0.9, "top_k": 0, "min_p": 0.0},
    "creative": {"temperature": 1.1, "top_p": 0.95, "top_k": 0, "min_p": 0.05},
}
"""Each sets the same names, so that one replaces the other."""
NOT_SAVED = ("seed", "stop")


async def presets(call: Call) -> dict[str, Mapping[str, Value]]:
    return {**await Kept(call.services.store, "preset").all(call.place), **OWN}


async def use(call: Call) -> Post:
    known, name = await presets(call), call.text("name").lower()
    if name not in known:
        raise CommandError(
            "There is no preset {name}; there are: {names}.",
            name=quoted(name),
            names=", ".join(list(known)[-20:]),
        )
    values = {n: value for n, value in known[name].items() if n in SAMPLING}
    changes = await call.services.settings.change(here(call.place), values, call.user)
    return Post("\n".join(map(changed, changes)))


async def list_(call: Call) -> Post:
    known = await presets(call)
    return Post("\n".join(f"- `{name}`: {shown(values)}" for name, values in known.items()))


async def save(call: Call) -> Post:
    """What holds here now."""
    name = call.text("name")
    if name.lower() in OWN:
        raise CommandError("{name} is chinwag's own: take another name.", name=quoted(name))
    effective = await call.services.settings.effective(call.place)
    values = {n: effective.value(n) for n in SAMPLING if n not in NOT_SAVED}
    kept = Kept(call.services.store, "preset")
    return Post(changed(await kept.save(call.place, name, values, call.user)))


async def delete(call: Call) -> Post:
    kept = Kept(call.services.store, "preset")
    return Post(changed(await kept.delete(call.place, call.text("name"), call.user)))


NAME = Parameter("name", "precise, balanced, creative or a saved one", suggestions="preset")
NEW = Parameter("name", "what to call it")
SAVED = Parameter("name", "a saved one", suggestions="preset")

PRESETS = (
    group(
        "preset",
        "sets of sampling settings that have a name",
        Command(
            CommandSpec("use", "sample as the preset says", (NAME,), role=Role.ADMIN),
            use,
        ),
        Command(CommandSpec("list", "the presets and what they set", private=True), list_),
        Command(
            CommandSpec("save", "keep how this place samples now", (NEW,), role=Role.ADMIN), save
        ),
        Command(CommandSpec("delete", "forget a saved preset", (SAVED,), role=Role.ADMIN), delete),
        default="use",
    ),
)
