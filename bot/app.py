"""The composition root: the only file that sees every room."""

from __future__ import annotations

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from typing import Any

import structlog

from bot import logs, plugins, registry, texts
from bot.adapter import Adapter, Interactive
from bot.commands.built_in import BUILT_IN
from bot.config import Config
from bot.desk import Process
from bot.engine.models import Models
from bot.errors import ChinwagError, ConfigError
from bot.hooks import Running
from bot.house import assemble, introduce
from bot.instance import only_instance
from bot.lanes import FAREWELL
from bot.progress import both, progress_bar, unseen
from bot.service.attendance import Attendance
from bot.service.clock import watch_clock
from bot.service.notify import Notifier
from bot.shelf import Shelf
from bot.signals import INTERRUPTED, asked_to_end, hangups
from bot.store.location import locate
from bot.store.open import open_store
from bot.store.scheduled import scheduled_backups

log = structlog.get_logger(__name__)

OPENING = 600.0
"""Seconds that checking, copying and migrating a large database may take."""

ENDING = FAREWELL + 45.0
"""Seconds for what follows a drain: farewells, a step of the engine, the networks, the database."""


async def run(config: Config, read: Callable[[], Config] | None = None) -> int:
    """Serve the configured networks until SIGTERM or SIGINT. Returns the exit code. `read` reads
    the config again, for a reload."""
    if not config.adapters:
        raise ConfigError(
            "no network is configured: add a section here, or have `chinwag init` write a config; "
            "`chinwag chat` needs none",
            key="adapters",
        )
    adapters = [plugins.adapter(name)(options) for name, options in config.adapters.items()]
    process = Process(read or (lambda: config), {"log": relog})
    with only_instance(config.home), hangups() as hung_up:
        return await serve(config, adapters, process, Notifier.of_environment(), hung_up)


def relog(new: Config) -> None:
    logs.setup(new.log.level, new.log.format, texts=new.log.texts)


async def chat(config: Config, conversation: str) -> int:
    """Talk in the terminal until the end of its input. Returns the exit code."""
    adapter = plugins.adapter("console")
    given = config.adapters.get("console", adapter.Config())
    model = await asyncio.to_thread(Shelf(config, unseen).chosen.name)
    own = {
        "conversation": conversation,
        "banner": texts.banner(version("chinwag"), model, conversation),
        "history": config.home / "history",
    }
    console = adapter(given.model_copy(update=own))
    with only_instance(config.home):
        code = await serve(config, [console], Process(lambda: config), Notifier(), asyncio.Event())
    left_early = isinstance(console, Interactive) and console.interrupted
    return INTERRUPTED if left_early else code


async def serve(
    config: Config,
    adapters: Sequence[Adapter],
    process: Process,
    notifier: Notifier,
    hung_up: asyncio.Event,
) -> int:
    """Until the networks are over or a signal asks to end. Returns the exit code."""
    hooks = registry.set_up(config.plugins, [command.spec.name for command in BUILT_IN])
    notifier.waiting("opening the database", OPENING)
    async with (
        open_store(config.store.url, config.home) as store,
        running_models(config, notifier) as (engine, shelf),
        scheduled_backups(
            locate(config.store.url, config.home),
            timedelta(seconds=config.backups.every),
            config.backups.keep,
        ),
        asyncio.TaskGroup() as group,
    ):
        introduce(config.access.owner, adapters, store)
        process = replace(process, live={**process.live, "models": shelf.reread})
        house = assemble(config, store, engine, adapters, group, hooks, process=process)
        attendance = Attendance(notifier, adapters, engine.beat)
        serving = group.create_task(house.serve(adapters))
        beside = [
            group.create_task(attendance.attend(hung_up, house.services.desk.reloader.reload)),
            group.create_task(house.services.retention.run()),
            group.create_task(hooks.work(Running(house.services, house.tell))),
            group.create_task(watch_clock()),
        ]
        with asked_to_end() as asked:
            ends: list[asyncio.Future[Any]] = [asked, serving]
            await asyncio.wait(ends, return_when=FIRST_COMPLETED)
            attendance.stopping(house.lanes.under_way, config.service.drain_seconds + ENDING)
            await house.drain(config.service.drain_seconds)
        for task in (serving, *beside):
            task.cancel()
    return asked.result() if asked.done() else 0


@asynccontextmanager
async def running_models(config: Config, notifier: Notifier) -> AsyncIterator[tuple[Models, Shelf]]:
    """Raises ModelUnavailable or ModelTooLarge."""
    with progress_bar() as bar:
        shelf = Shelf(config, both(bar, notifier.loading))
        models = await _entered(shelf)
    try:
        yield models, shelf
    finally:
        await models.__aexit__()


async def _entered(shelf: Shelf) -> Models:
    """The model that was chosen from chat, or the config's where that can't serve any more."""
    name = await asyncio.to_thread(shelf.chosen.name)
    try:
        return await Models(shelf, name).__aenter__()
    except ChinwagError as error:
        if name == shelf.configured:
            raise
        log.error("the model chosen from chat can't serve, so the config's does", why=str(error))
    return await Models(shelf, shelf.configured).__aenter__()
