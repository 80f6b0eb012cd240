"""The engine's output for one turn, patiently: a full engine is waited for, and one that died
before it said anything is asked again once it is back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

from bot.engine import Engine, Stream
from bot.errors import EngineBusy, EngineDied
from bot.types import Chunk, Control, Message, SamplingParams, Waiting

PAUSE = 5.0
"""Seconds at most between two attempts."""


async def generate(
    engine: Engine,
    messages: Sequence[Message],
    params: SamplingParams,
    control: Control,
    patience: float,
) -> Stream:
    """As `Engine.stream`; raises EngineBusy or EngineDied only after `patience` seconds of it,
    or, when the engine died, once a part of the answer was given."""
    deadline = asyncio.get_running_loop().time() + patience
    said = False
    while True:
        try:
            async with aclosing(engine.stream(messages, params, control)) as stream:
                async for item in stream:
                    said = said or isinstance(item, Chunk)
                    yield item
            return
        except EngineBusy as busy:
            if asyncio.get_running_loop().time() > deadline:
                raise
            yield Waiting(busy.position + 1, busy.seconds)  # behind all who wait already
            pause = min(busy.seconds or PAUSE, PAUSE)
        except EngineDied:
            if said or asyncio.get_running_loop().time() > deadline:
                raise
            pause = 1.0
        await asyncio.sleep(pause)
