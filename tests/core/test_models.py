"""Another model takes over while the bot runs; the one before serves until then, and ends with its
last stream."""

from __future__ import annotations

import asyncio
from typing import Self

import pytest

from bot.engine.models import Models
from bot.engine.scripted import ScriptedConfig, ScriptedEngine
from bot.errors import EngineDied, ModelTooLarge
from bot.types import Chunk, Message, SamplingParams
from tests.core.house import eventually

HELLO = [Message("user", "hello")]


class Named(ScriptedEngine):
    """Answers with its name; loads once `loads` is set."""

    def __init__(self, name: str, too_large: bool = False):
        script = [{"match": "", "text": f"{name} " * 3}]
        speed = 0 if name == "quick" else 100
        super().__init__(
            ScriptedConfig.model_validate({"script": script, "tokens_per_second": speed})
        )
        self.name, self.too_large = name, too_large
        self.loads = asyncio.Event()
        self.loads.set()

    async def __aenter__(self) -> Self:
        await self.loads.wait()
        if self.too_large:
            raise ModelTooLarge(f"{self.name} takes 80 GiB, and there are 3 GiB.")
        return await super().__aenter__()


class Park:
    def __init__(self) -> None:
        self.engines = {name: Named(name, name == "huge") for name in ("slow", "quick", "huge")}
        self.models = Models(self, "slow")

    def names(self) -> list[str]:
        return list(self.engines)

    def make(self, name: str) -> Named:
        return self.engines[name]

    async def keep(self, name: str) -> bool:
        return True

    async def ask(self) -> str:
        stream = self.models.stream(HELLO, SamplingParams())
        return "".join([item.text async for item in stream if isinstance(item, Chunk)])


async def test_the_new_model_serves_once_it_is_loaded_and_the_old_one_until_then() -> None:
    park = Park()
    async with park.models:
        park.engines["quick"].loads.clear()
        async with asyncio.TaskGroup() as group:
            using = group.create_task(park.models.use("quick"))
            await eventually(lambda: park.models.loading == "quick")
            assert "slow" in await park.ask()
            park.engines["quick"].loads.set()
            await using
        assert (park.models.name, park.models.loading) == ("quick", "")
        assert "quick" in await park.ask()


async def test_a_stream_of_the_old_model_ends_by_itself_and_then_the_model_does() -> None:
    park = Park()
    async with park.models:
        stream = park.models.stream(HELLO, SamplingParams())
        await anext(stream)
        await park.models.use("quick")
        assert park.engines["slow"].status().alive
        rest = [item async for item in stream]
        assert isinstance(rest[-1], Chunk)
        assert rest[-1].finish == "stop"
        await eventually(lambda: not park.engines["slow"].status().alive)


async def test_a_model_that_does_not_fit_leaves_the_one_before_in_place() -> None:
    park = Park()
    async with park.models:
        with pytest.raises(ModelTooLarge):
            await park.models.use("huge")
        assert (park.models.name, park.models.loading) == ("slow", "")
        assert "slow" in await park.ask()


async def test_a_model_that_was_replaced_ends_with_the_bot_at_the_latest() -> None:
    park = Park()
    async with park.models:
        stream = park.models.stream(HELLO, SamplingParams())
        await anext(stream)
        await park.models.use("quick")
    with pytest.raises(EngineDied):
        [item async for item in stream]
    assert not any(
        engine.status().alive for engine in park.engines.values() if engine.name != "huge"
    )
