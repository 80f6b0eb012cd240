"""`chinwag doctor`: everything that has to hold before the bot can serve, looked at one by one.

Each family of checks is a file here, or the `probe` of an adapter or engine, which alone knows
its network or hardware.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from pydantic import BaseModel

from bot import plugins
from bot.config import Config
from bot.doctor import home, machine, people
from bot.errors import ChinwagError
from bot.progress import unseen
from bot.secrets import redact
from bot.store import probe as database
from bot.store.location import locate
from bot.types import Finding, Probing

LONGEST = 120.0
"""Seconds for one family; importing torch on a cold disk alone takes many."""


@dataclass(frozen=True, slots=True)
class Family:
    name: str
    check: Callable[[], Awaitable[Sequence[Finding]]]


async def examine(config: Config) -> AsyncIterator[Finding]:
    """As they are found."""
    for family in families(config):
        for finding in await _of(family):
            yield finding


def families(config: Config) -> Iterator[Family]:
    yield Family("machine", _beside(machine.check))
    yield Family("people", _beside(lambda: people.check(config)))
    yield Family("home", _beside(lambda: home.check(config.home)))
    yield Family("database", _beside(lambda: database.probe(locate(config.store.url, config.home))))
    for name, options in config.adapters.items():
        yield Family(name, partial(_adapter, name, options))
    yield Family("engine", lambda: _engine(config))


async def _adapter(name: str, options: BaseModel) -> Sequence[Finding]:
    return await _probed(plugins.adapter(name)(options))


async def _engine(config: Config) -> Sequence[Finding]:
    make = plugins.engine(config.engine.kind)
    return await _probed(make(config.engine.options, config.home, unseen))


def _beside(
    check: Callable[[], Sequence[Finding]],
) -> Callable[[], Awaitable[Sequence[Finding]]]:
    """Of files and the disk, which must not hold up the event loop."""
    return lambda: asyncio.to_thread(check)


async def _probed(part: object) -> Sequence[Finding]:
    return await part.probe() if isinstance(part, Probing) else ()


async def _of(family: Family) -> Sequence[Finding]:
    """What a check could not foresee is a finding too, not the doctor's end."""
    try:
        async with asyncio.timeout(LONGEST):
            return await family.check()
    except TimeoutError:
        found, advice = f"gave no answer within {LONGEST:g} s", "see whether it hangs"
    except ChinwagError as error:
        found, advice = str(error), "do as it says, then run the doctor again"
    except Exception as error:
        found = redact(f"{type(error).__name__}: {error}")
        advice = "please report this as a fault of the doctor's"
    return [Finding(family.name, found, advice, ok=False)]
