"""What the bot is doing just now."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from bot import texts_for_owners as texts
from bot.commands import Call, Command
from bot.errors import CommandError
from bot.types import CommandSpec, Post, Role

MOST = 30
"""Conversations that the queue shows."""


async def status(call: Call) -> Post:
    services, desk = call.services, call.services.desk
    engine, info = services.engine.status(), services.engine.info
    lines = (
        texts.model(info.name, info.context_window, alive=engine.alive),
        texts.work(engine.running, engine.queued, engine.tokens_per_second),
        texts.memory(engine.memory, engine.kv_used, await asyncio.to_thread(resident_bytes)),
        texts.uptime(time.monotonic() - desk.started),
        *(texts.network(name, up) for name, up in desk.connected().items()),
    )
    return Post("\n".join(f"- {line}" for line in lines))


async def queue(call: Call) -> Post:
    lanes = call.services.lanes.overview()
    if not lanes:
        raise CommandError("No reply is being written, and nobody waits.")
    shown = [
        texts.lane(lane.turn.place, lane.turn.message.author, lane.waiting) for lane in lanes[:MOST]
    ]
    more = [texts.more(len(lanes) - MOST)] if len(lanes) > MOST else []
    return Post("\n".join(f"- {line}" for line in [*shown, *more]))


def resident_bytes() -> int:
    """Of this process, 0 where the system does not tell. Blocking."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


STATUS = (
    Command(
        CommandSpec(
            "status",
            "model, speed, queue, memory, uptime and networks",
            role=Role.OWNER,
            private=True,
        ),
        status,
    ),
    Command(
        CommandSpec("queue", "who is being answered and who waits", role=Role.OWNER, private=True),
        queue,
    ),
)
