"""Which model serves, and another one in its place."""

from __future__ import annotations

import json

from bot import texts_for_owners as texts
from bot.commands import Call, Command, group
from bot.engine.models import Models
from bot.errors import ChinwagError, CommandError
from bot.types import CommandSpec, Parameter, Post, Role

SCOPE = "bot"
"""Of the history of changes: what is of the whole bot and no setting."""


def models_of(call: Call) -> Models:
    if isinstance(engine := call.services.engine, Models):
        return engine
    raise CommandError("This bot's model can't be changed while it runs.")


async def list_(call: Call) -> Post:
    models = models_of(call)
    names = dict.fromkeys([models.name, *models.shelf.names()])
    lines = (
        texts.model_line(name, serves=name == models.name, loads=name == models.loading)
        for name in names
    )
    return Post("\n".join(f"- {line}" for line in lines))


async def use(call: Call) -> Post:
    models, name = models_of(call), call.text("name")
    if models.loading:
        raise CommandError("{name} is being loaded already.", name=models.loading)
    if name == models.name:
        raise CommandError("{name} serves already.", name=name)
    before = models.name
    models.loading = name  # from here on, so that no other one is begun beside it
    try:
        await call.services.desk.tell(call.place, Post(texts.loading(name, before)))
        await models.use(name)
    except ChinwagError as error:
        return Post(texts.not_loaded(name, before, error))
    finally:
        models.loading = ""
    await _record(call, before, name)
    lasts = await models.shelf.keep(name)
    return Post(texts.serves(name, call.services.engine.info.context_window, lasts=lasts))


async def _record(call: Call, before: str, name: str) -> None:
    """In the history of changes; a restart in between may have gone back to the config's."""
    store = call.services.store
    await store.remember(SCOPE, {"model": json.dumps(before)})
    await store.change(SCOPE, "model", json.dumps(name), call.user)


NAME = Parameter("name", "one that the config names, or a model of the hub or in a folder")

MODEL = (
    group(
        "model",
        "which model answers",
        Command(
            CommandSpec("list", "the models that the config names", role=Role.OWNER, private=True),
            list_,
        ),
        Command(
            CommandSpec(
                "use", "load another model, which takes over once it is there", (NAME,), Role.OWNER
            ),
            use,
        ),
        default="list",
    ),
)
