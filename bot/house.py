"""The house: what answers, built from the config, the store, the engine and the networks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.access import Access
from bot.adapter import Adapter, KnowsOwners, Remembering, Suggests
from bot.answer import TurnAnswer
from bot.beside import Beside
from bot.chat import Chat, ChatOptions
from bot.commands import Commands, Services
from bot.commands.built_in import BUILT_IN
from bot.commands.suggestions import Suggestions
from bot.commands.translations import translated_spec
from bot.config import Config
from bot.confirmations import Confirmations
from bot.delivery.presenter import Presenter
from bot.delivery.settings import DeliverySettings
from bot.desk import Desk, Process
from bot.dispatcher import Dispatcher
from bot.engine import Engine
from bot.hearing import Hearing
from bot.hooks import Hooks
from bot.inforce import allowances, configured, defaults, in_force, kept_days
from bot.intake import Intake
from bot.interactions import Interactions
from bot.lanes import Lanes
from bot.limits import Gate
from bot.memory import StoredMemory
from bot.pairing import Pairing
from bot.presses import Presses
from bot.reception import Reception
from bot.recovery import keep_delivering, recover
from bot.reload import Reloader
from bot.retention import Retention
from bot.rights import Rights
from bot.settings import Settings
from bot.store import Store
from bot.types import Place, Post, UserRef


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

    async def drain(self, seconds: float) -> None:
        """No turn begins any more: what comes is stored, and answered after the next start."""
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
            delivering = beside.create_task(
                keep_delivering(pending, adapter, self.chat, self.lanes)
            )
            await adapter.run(self.dispatcher)
            delivering.cancel()


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
    retention = Retention(store, kept_days(config))
    live = {**process.live, **in_force(settings, access, gate, retention)}
    services = Services(
        store=store,
        engine=engine,
        settings=settings,
        lanes=lanes,
        commands=Commands((*BUILT_IN, *hooks.commands)),
        intake=Intake(store, lanes, gate, hooks.message),
        prompts=chat.prompts,
        access=access,
        pairing=Pairing(store),
        gate=gate,
        rights=Rights(store, lanes, hooks.personal),
        retention=retention,
        networks={adapter.name: adapter.limits for adapter in adapters},
        confirmations=Confirmations(),
        desk=Desk(presenters, Reloader(config, process.read, live), process.end),
    )
    max_age = timedelta(seconds=turns.max_age)
    return House(chat, lanes, services, _dispatcher(services, chat, group, max_age), max_age)


def _dispatcher(
    services: Services, chat: Chat, group: asyncio.TaskGroup, max_age: timedelta
) -> Dispatcher:
    beside = Beside(group)
    reception = Reception(services.access, services.store, chat.presenters, beside)
    presses = Presses(chat, services.lanes, services.gate, services.confirmations)
    return Dispatcher(
        Hearing(services, reception, beside, max_age),
        Interactions(services, reception, beside, presses),
        services.store,
        beside,
    )
