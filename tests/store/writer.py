"""A process of its own that writes to a store: ``python -m tests.store.writer HOME WHAT``."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

from bot.store import Reply
from bot.store.open import open_store
from bot.types import TurnState
from tests.store.samples import HERE, said

URL = "sqlite:///chinwag.db"


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def talk(home: Path) -> None:
    """Asks and answers without end; tells of each once it is kept."""
    async with open_store(URL, home) as store:
        for number in range(1_000_000):
            turn = await store.receive(HERE, said(f"question {number}", id=f"{number}"))
            assert turn is not None
            tell(f"question {number}")
            for length in range(3):
                so_far = Reply("x" * 10_000 * length, "hm")
                await store.checkpoint(turn, TurnState.ANSWERING, so_far)
            await store.finish(turn, TurnState.DONE, Reply(f"answer {number}", finish="stop"))
            tell(f"answer {number}")


async def start(home: Path) -> None:
    async with open_store(URL, home) as store:
        await store.overhear(HERE, said("started", id=""))


async def hold(home: Path) -> None:
    """Locks the database for ten seconds."""
    connection = sqlite3.connect(home / "chinwag.db", isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    tell("locked")
    await asyncio.sleep(10)
    connection.execute("COMMIT")
    connection.close()


if __name__ == "__main__":
    asyncio.run({"talk": talk, "start": start, "hold": hold}[sys.argv[2]](Path(sys.argv[1])))
