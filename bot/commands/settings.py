"""Commands that look at the settings of a place and change them."""

from __future__ import annotations

import json
from dataclasses import asdict

from bot import texts
from bot.commands import Call, Command
from bot.settings import KINDS
from bot.store import SettingChange
from bot.types import CommandSpec, Parameter, Post, Role

NAME = Parameter("name", "which setting", choices=tuple(KINDS))


def told(change: SettingChange) -> str:
    old, new = (None if value is None else json.loads(value) for value in (change.old, change.new))
    return texts.changed(change.name, old, new)


async def show(call: Call) -> Post:
    effective = await call.services.settings.effective(call.event.place)
    values = {**asdict(effective.sampling), **asdict(effective)}
    return Post(
        "\n".join(
            f"- `{name}` {texts.setting(values[name])} ({effective.sources.get(name, 'default')})"
            for name in KINDS
        )
    )


async def set_(call: Call) -> Post:
    change = await call.services.settings.set(
        call.event.place, call.text("name"), call.text("value"), call.event.user
    )
    return Post(told(change))


async def unset(call: Call) -> Post:
    change = await call.services.settings.unset(
        call.event.place, call.text("name"), call.event.user
    )
    return Post(told(change))


async def undo(call: Call) -> Post:
    change = await call.services.settings.undo(call.event.place, call.event.user)
    return Post(told(change))


async def think(call: Call) -> Post:
    change = await call.services.settings.set(
        call.event.place, "thinking", call.text("mode"), call.event.user
    )
    return Post(told(change))


SETTINGS = (
    Command(CommandSpec("settings", "what holds here and where it comes from"), show),
    Command(
        CommandSpec(
            "set",
            "change a setting of this place",
            (NAME, Parameter("value", "its new value")),
            role=Role.ADMIN,
        ),
        set_,
    ),
    Command(CommandSpec("unset", "go back to what is inherited", (NAME,), role=Role.ADMIN), unset),
    Command(CommandSpec("undo", "take back the last change of a setting", role=Role.ADMIN), undo),
    Command(
        CommandSpec(
            "think",
            "whether the model thinks first, and how much of it is shown",
            (Parameter("mode", "off, line or open", choices=("off", "line", "open")),),
            role=Role.ADMIN,
        ),
        think,
    ),
)
