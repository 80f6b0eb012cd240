from __future__ import annotations

import asyncio

from bot.beside import Beside
from bot.errors import StoreUnavailable
from tests.core.house import eventually


async def test_a_network_with_too_much_under_way_waits_and_no_other_one() -> None:
    async with asyncio.TaskGroup() as group:
        beside, goes_on, seen = Beside(group, most=1), asyncio.Event(), list[str]()

        async def work(name: str) -> None:
            seen.append(name)
            await goes_on.wait()

        await beside.do("one", work, "first")
        waiting = group.create_task(beside.do("one", work, "second"))
        await beside.do("other", work, "third")
        await eventually(lambda: seen == ["first", "third"])
        assert not waiting.done()
        goes_on.set()
        await waiting
    assert seen == ["first", "third", "second"]


async def test_what_fails_costs_nothing_else() -> None:
    async with asyncio.TaskGroup() as group:
        beside, done = Beside(group, most=1), list[str]()

        async def fail(error: Exception) -> None:
            raise error

        async def work() -> None:
            done.append("work")

        await beside.do("one", fail, StoreUnavailable("The database is locked."))
        await beside.do("one", fail, RuntimeError("a fault"))
        await beside.do("one", work)
    assert done == ["work"]


async def test_at_the_end_what_is_under_way_is_left() -> None:
    async with asyncio.TaskGroup() as group:
        beside = Beside(group)
        await beside.do("one", asyncio.sleep, 3600)
        beside.close()
