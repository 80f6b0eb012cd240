"""The last 50 messages of a conversation, in small databases and in huge ones.

What makes them the same is the index ix_messages_history, of which only the end is read.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median, quantiles

from sqlalchemy import Connection, insert

from bench.report import Figure, show
from bot.store.engines import blocking_engine
from bot.store.location import locate
from bot.store.open import open_store
from bot.store.sql import SqlStore
from bot.store.tables import ConversationRow, MessageRow
from bot.types import ConversationKey

URL = "sqlite:///chinwag.db"
SIZES = (1_000, 10_000, 100_000, 1_000_000)
CONVERSATIONS = 100
READS = 300
LIMIT = 50
KEY = ConversationKey("bench", "1")
TEXT = "What people say is about this long, give or take a word or two. " * 3


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(measure(Path(folder)))
    show("last 50 messages", rows, index="ix_messages_history", reads=READS)


async def measure(folder: Path) -> list[dict[str, Figure]]:
    """Reads from each in turn, so that whatever else the machine does falls on all of them."""
    async with AsyncExitStack() as opened:
        stores = {}
        for size in SIZES:
            home = folder / str(size)
            stores[size] = await opened.enter_async_context(open_store(URL, home))
            await asyncio.to_thread(fill, home, size)
        times: dict[int, list[float]] = {size: [] for size in SIZES}
        for _ in range(READS):
            for size, store in stores.items():
                times[size].append(await read(store))
    return [row(folder, size, times[size]) for size in SIZES]


async def read(store: SqlStore) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    messages = await store.history(KEY, LIMIT)
    elapsed = (time.perf_counter() - start) * 1000
    assert len(messages) == LIMIT
    return elapsed


def row(folder: Path, size: int, times: list[float]) -> dict[str, Figure]:
    return {
        "messages": size,
        "of the conversation": size // 2,
        "database MB": round((folder / str(size) / "chinwag.db").stat().st_size / 1e6, 1),
        "median ms": median(times),
        "p99 ms": quantiles(times, n=100)[-1],
    }


def fill(home: Path, size: int) -> None:
    engine = blocking_engine(locate(URL, home).url, 30)
    with engine.begin() as connection:
        chats = [
            {"adapter": KEY.adapter, "chat": str(n), "thread": "", "server": "", "private": True}
            for n in range(1, CONVERSATIONS + 1)
        ]
        connection.execute(insert(ConversationRow), chats)
        for start in range(1, size + 1, 10_000):
            say(connection, range(start, min(start + 10_000, size + 1)))
    engine.dispose()


def say(connection: Connection, numbers: range) -> None:
    """Every second message is in the conversation that is read, the others all around it."""
    connection.execute(
        insert(MessageRow),
        [
            {
                "id": number,
                "position": number,
                "conversation_id": 1 if number % 2 else 2 + number // 2 % (CONVERSATIONS - 1),
                "adapter": KEY.adapter,
                "chat": KEY.chat,
                "platform_id": str(number),
                "role": "user",
                "text": TEXT,
            }
            for number in numbers
        ],
    )
