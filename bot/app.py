"""The composition root: the only file that sees every room."""

from __future__ import annotations

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from bot import logs, plugins, registry, texts
from bot.access import Access
from bot.adapter import Adapter, Interactive, KnowsOwners, Remembering, Suggests
from bot.answer import TurnAnswer
from bot.chat import Chat, ChatOptions
from bot.commands import Commands, Services
from bot.commands.built_in import BUILT_IN
from bot.commands.suggestions import Suggestions
from bot.commands.translations import translated_spec
from bot.config import Config
from bot.delivery.presenter import Presenter
from bot.delivery.settings import DeliverySettings
from bot.desk import Desk, Process
from bot.dispatcher import Dispatcher
from bot.engine import Engine
from bot.engine.models import Models
from bot.errors import ConfigError
from bot.hooks import Hooks, Running
from bot.inforce import allowances, configured, defaults, in_force, kept_days
from bot.instance import only_instance
from bot.intake import Intake
from bot.lanes import FAREWELL, Lanes
from bot.limits import Gate
from bot.memory import StoredMemory
from bot.pairing import Pairing
from bot.presses import Presses
from bot.progress import both, progress_bar
from bot.recovery import deliver, recover
from bot.reload import Reloader
from bot.retention import Retention
from bot.rights import Rights
from bot.service.attendance import Attendance
from bot.service.clock import watch_clock
from bot.service.notify import Notifier
from bot.settings import Settings
from bot.shelf import Shelf, model_of
from bot.signals import INTERRUPTED, asked_to_end, hangups
from bot.store import Store
from bot.store.location import locate
from bot.store.open import open_store
from bot.store.scheduled import scheduled_backups
from bot.types import Place, Post, UserRef

OPENING = 600.0
"""Seconds that checking, copying and migrating a large database may take."""

ENDING = 45.0
"""Seconds for the rest: a step of the engine, the networks, the database."""


async def run(config: Config, read: Callable[[], Config] | None = None) -> int:
    """Serve the configured networks until SIGTERM or SIGINT. Returns the exit code. `read` reads
    the config again, for a reload."""
    if not config.adapters:
        raise ConfigError("no network is configured: add a section under adapters", key="adapters")
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
    own = {
        "conversation": conversation,
        "banner": texts.banner(version("chinwag"), model_of(config.engine), conversation),
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
        serving = group.create_task(house.serve(adapters))
        attendance = Attendance(notifier, adapters, engine.beat)
        reload = house.services.desk.reloader.reload
        attending = group.create_task(attendance.attend(hung_up, reload))
        tidying = group.create_task(house.services.retention.run())
        minding = group.create_task(watch_clock())
        working = group.create_task(hooks.work(Running(house.services, house.tell)))
        with asked_to_end() as asked:
            ends: list[asyncio.Future[Any]] = [asked, serving]
            await asyncio.wait(ends, return_when=FIRST_COMPLETED)
            await house.drain(config.service.drain_seconds, notifier)
        for task in (serving, attending, tidying, minding, working):
            task.cancel()
    return asked.result() if asked.done() else 0


@asynccontextmanager
async def running_models(config: Config, notifier: Notifier) -> AsyncIterator[tuple[Models, Shelf]]:
    """Raises ModelUnavailable or ModelTooLarge."""
    with progress_bar() as bar:
        shelf = Shelf(config, both(bar, notifier.loading))
        models = Models(shelf, shelf.configured)
        await models.__aenter__()
    try:
        yield models, shelf
    finally:
        await models.__aexit__()


@dataclass(frozen=True, slots=True)
class House:
    """Everything built, nothing running yet."""

    chat: Chat
    lanes: Lanes
    services: Services
    dispatcher: Dispatcher
    max_age: timedelta

    async def tell(self, place: Place, post: Post) -> None:
        """Raises LookupError for a network that is not served, and what its `send` raises."""
        delivered = await self.chat.presenters[place.adapter].notice(place, post)
        if delivered.failure is not None:
            raise delivered.failure

    async def drain(self, seconds: float, notifier: Notifier) -> None:
        """No turn begins any more: what comes is stored, and answered after the next start."""
        left = self.lanes.under_way
        notifier.stopping(f"draining, replies under way: {left}", seconds + FAREWELL + ENDING)
        await self.lanes.close(seconds)
        self.dispatcher.close()

    async def serve(self, adapters: Sequence[Adapter]) -> None:
        async with asyncio.TaskGroup() as networks:
            for adapter in adapters:
                networks.create_task(self._serve(adapter))

    async def _serve(self, adapter: Adapter) -> None:
        """One network: first what a crash left behind, then what comes; what only waits for the
        network waits beside it."""
        pending = await recover(adapter, self.chat, self.lanes, self.max_age)
        await adapter.publish([translated_spec(s) for s in self.services.commands.specs()])
        async with asyncio.TaskGroup() as beside:
            beside.create_task(deliver(pending, adapter, self.chat))
            await adapter.run(self.dispatcher)


def introduce(owners: Sequence[str], adapters: Sequence[Adapter], store: Store) -> None:
    """Tell each network who of it owns the bot, what it wanted to know again, and what places
    suggest."""
    named = (owner.split(":", 1) for owner in owners)
    people = [UserRef(network, user) for network, user in named]
    for adapter in adapters:
        if isinstance(adapter, KnowsOwners):
            adapter.know_owners([person for person in people if person.adapter == adapter.name])
        if isinstance(adapter, Remembering):
            adapter.give_memory(StoredMemory(store, adapter.name))
        if isinstance(adapter, Suggests):
            adapter.suggest_from(Suggestions(store))


def assemble(
    config: Config,
    store: Store,
    engine: Engine,
    adapters: Sequence[Adapter],
    group: asyncio.TaskGroup,
    hooks: Hooks | None = None,
    *,
    process: Process | None = None,
) -> House:
    process = process or Process(lambda: config)
    hooks = hooks or Hooks()
    delivery = DeliverySettings(file_over=config.delivery.file_over)
    presenters = {adapter.name: Presenter(adapter, delivery) for adapter in adapters}
    settings = Settings(defaults(config), configured(config), engine, store)
    options = ChatOptions(config.delivery.checkpoint_seconds, config.history.messages)
    chat = Chat(engine, store, settings, presenters, options, hooks)
    turns = config.turns
    lanes = Lanes(
        group, lambda job: TurnAnswer(chat, job), store, turns.max_waiting, turns.max_open
    )
    access = Access(config.access.owner, config.access.allow, {a.name: a for a in adapters}, store)
    gate = Gate(store, *allowances(config.limits))
    intake = Intake(store, lanes, hooks, gate)
    commands = Commands((*BUILT_IN, *hooks.commands))
    retention = Retention(store, kept_days(config))
    live = {**process.live, **in_force(settings, access, gate, retention)}
    services = Services(
        store,
        engine,
        settings,
        lanes,
        commands,
        intake,
        chat.prompts,
        access,
        Pairing(store),
        gate,
        Rights(store, lanes),
        retention,
        desk=Desk(presenters, Reloader(config, process.read, live), process.end),
        networks={adapter.name: adapter.limits for adapter in adapters},
    )
    max_age = timedelta(seconds=config.turns.max_age)
    presses = Presses(chat, lanes, gate)
    dispatcher = Dispatcher(group, services, access, presses, presenters, max_age)
    return House(chat, lanes, services, dispatcher, max_age)
