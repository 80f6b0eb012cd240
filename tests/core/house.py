"""The whole core around a fake network, a scripted engine and a real SQLite file."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.config import Config
from bot.desk import Process
from bot.engine import Engine
from bot.engine.scripted import ScriptedEngine
from bot.hooks import Running
from bot.house import House, assemble
from bot.registry import set_up
from bot.store.location import locate
from bot.store.migrate import upgrade
from bot.store.open import open_store
from bot.testing import FakeNetwork
from bot.types import (
    Attachment,
    Deleted,
    Edited,
    Event,
    Invoked,
    Limits,
    Message,
    Place,
    Post,
    Pressed,
    Rate,
    Received,
    UserRef,
    utcnow,
)

IDS = itertools.count(1)
"""No two messages or commands have one id, though their houses share a store."""

SQLITE = "sqlite:///chinwag.db"
CHAT = Place("fake", "general", private=False)
ANNA = UserRef("fake", "1", "Anna")
BEN = UserRef("fake", "2", "Ben")
NO_LIMIT = {"messages_per_minute": 0, "waiting": 0}
QUICK = Limits(
    length=2000, edit_interval=0.0, per_place=Rate(10_000, 0.0001), overall=Rate(10_000, 0.0001)
)


async def eventually(holds: Callable[[], bool | Awaitable[bool]]) -> None:
    """Bounded by the test's own time-out."""
    while True:
        result = holds()
        if result is True or (not isinstance(result, bool) and await result):
            return
        await asyncio.sleep(0.005)


class People:
    """What people do in the network, and what they see there."""

    def __init__(self, network: FakeNetwork, house: House):
        self.network = network
        self.house = house
        self._ids = IDS

    def say(
        self,
        text: str,
        *,
        user: UserRef = ANNA,
        place: Place = CHAT,
        id: str | None = None,
        addressed: bool = True,
        time: datetime | None = None,
    ) -> str:
        key = f"m{next(self._ids)}" if id is None else id
        message = Message("user", text, author=user, id=key, time=time or utcnow())
        self.network.tell(Received(place, message, addressed=addressed))
        return key

    def command(
        self,
        line: str,
        *,
        user: UserRef = ANNA,
        place: Place = CHAT,
        attachments: tuple[Attachment, ...] = (),
        about: UserRef | None = None,
    ) -> None:
        name, _, arguments = line.removeprefix("/").partition(" ")
        key = f"c{next(self._ids)}"
        self.network.tell(Invoked(place, user, name, arguments, key, {}, attachments, about))

    async def answer(self, line: str, *, user: UserRef = ANNA, place: Place = CHAT) -> Post:
        """What a command is answered, by the one post that comes of it."""
        before = len(self.network.messages(place))
        self.command(line, user=user, place=place)
        async with asyncio.timeout(8):
            await eventually(lambda: len(self.network.messages(place)) > before)
        return self.network.messages(place)[-1]

    def press(self, label: str, *, user: UserRef = ANNA, place: Place = CHAT) -> None:
        """The last button with this label."""
        for ref in reversed(self.network.refs(place)):
            for button in self.network.messages(place)[self.network.refs(place).index(ref)].buttons:
                if label in button.label:
                    press = f"p{next(self._ids)}"
                    self.network.tell(Pressed(place, user, button.id, ref, id=press))
                    return
        raise AssertionError(f"nobody sees a button {label!r}")

    def edit(self, id: str, text: str, *, place: Place = CHAT) -> None:
        self.network.tell(Edited(place, id, text))

    def delete(self, *ids: str, place: Place = CHAT) -> None:
        self.network.tell(Deleted(place, ids))

    def tell(self, event: Event) -> None:
        self.network.tell(event)

    def labels(self, place: Place = CHAT) -> list[str]:
        return [b.label for post in self.network.messages(place) for b in post.buttons]

    async def see(self, *texts: str, place: Place = CHAT) -> None:
        """Wait until exactly this stands there, finished."""

        def holds() -> bool:
            posts = self.network.messages(place)
            return [p.text for p in posts] == list(texts) and all(p.final for p in posts)

        try:
            async with asyncio.timeout(8):
                await eventually(holds)
        except TimeoutError:
            raise AssertionError(f"people see {self.network.texts(place)}") from None

    async def see_last(self, text: str, place: Place = CHAT) -> None:
        """Wait until this is what was posted last, finished."""

        def holds() -> bool:
            posts = self.network.messages(place)
            return bool(posts) and posts[-1].text == text and posts[-1].final

        await eventually(holds)

    async def see_some(self, part: str, place: Place = CHAT) -> None:
        """Wait until this stands somewhere."""
        await eventually(lambda: any(part in text for text in self.network.texts(place)))


def configured(home: Path, **changes: Any) -> Config:
    return Config.model_validate(
        {
            "home": str(home),
            "access": {"allow": ["everyone"]},
            "engine": {"kind": "scripted", "tokens_per_second": 0},
            "delivery": {"checkpoint_seconds": 0.02},
            "limits": {"user": NO_LIMIT, "admin": NO_LIMIT},
            **changes,
        }
    )


@cache
def empty_database() -> bytes:
    """Migrated once: doing that for each test would take longest."""
    with TemporaryDirectory() as home:
        location = locate(SQLITE, Path(home))
        upgrade(location, 30)
        assert location.file is not None
        return location.file.read_bytes()


def furnish(home: Path) -> None:
    """With a database, where there is none yet."""
    file = locate(SQLITE, home).file
    if file is not None and not file.exists():
        file.write_bytes(empty_database())


@asynccontextmanager
async def open_house(
    home: Path,
    script: Sequence[Mapping[str, object]] = (),
    *,
    network: FakeNetwork | None = None,
    engine: Engine | None = None,
    tokens_per_second: float = 0,
    process: Process | None = None,
    **changes: Any,
) -> AsyncIterator[People]:
    """Leaving it is like kill -9: what is under way stays as it is in the store."""
    options = {
        "kind": "scripted",
        "tokens_per_second": tokens_per_second,
        "script": list(script),
        **changes.pop("engine_options", {}),
    }
    config = configured(home, engine=options, **changes)
    network = network or FakeNetwork(limits=QUICK)
    furnish(home)
    async with (
        open_store(config.store.url, home) as store,
        engine or ScriptedEngine(config.engine.options) as running,  # type: ignore[arg-type]  # checked by the config
    ):
        group = asyncio.TaskGroup()
        async with group:
            hooks = set_up(config.plugins)
            house = assemble(config, store, running, [network], group, hooks, process=process)
            serving = group.create_task(house.serve([network]))
            working = group.create_task(hooks.work(Running(house.services, house.tell)))
            try:
                yield People(network, house)
            finally:
                serving.cancel()
                working.cancel()
                house.dispatcher.close()
                house.lanes.abandon()
