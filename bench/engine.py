"""The local engine on the CPU with the demo model, beside what transformers itself offers.

``python -m bench.engine [--quick]``; quick runs are for trying the script, not for figures.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import ParamSpec, TypeVar

from bench.contenders import POOL_TOKENS, Load, Outcome, ask, config, generate, library, ours
from bench.report import Figure, show
from bot.engine.local import LocalEngine
from bot.engine.local.thread import spin_briefly
from bot.types import Message

P = ParamSpec("P")
T = TypeVar("T")

WORDS = (
    *("harbour", "lantern", "winter", "copper", "sailor", "garden", "engine", "letter", "summer"),
    *("market", "river", "window", "mountain", "paper", "silver", "morning", "village", "bridge"),
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is asked of each contender."""

    requests: int = 8
    prompt_words: int = 122
    new: int = 64
    gap: float = 0.5
    rounds: int = 3
    history_words: int = 1_290
    conversations: int = 200
    turns: int = 2


QUICK = Size(new=16, rounds=1, history_words=400, conversations=24)


def main() -> None:
    size = QUICK if "--quick" in sys.argv else Size()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chinwag-tests"
    spin_briefly()  # for all, since our engine does it
    cache.mkdir(parents=True, exist_ok=True)
    at_once(cache, size)
    staggered(cache, size)
    alone(cache, size)
    second_turn(cache, size)
    many_conversations(cache, size)


def at_once(cache: Path, size: Size) -> None:
    load = Load(texts(size.requests, size.prompt_words, seed=1), size.new)
    runs = {
        "generate, one after another": rounds(size, generate, cache, load),
        "transformers' continuous batching": rounds(size, library, cache, load),
        "chinwag": rounds(size, ours, cache, load),
        "chinwag, int8": rounds(size, ours, cache, load, "int8"),
    }
    reference, batching, fp32, int8 = (speed(outcomes) for outcomes in runs.values())
    show(
        f"{size.requests} requests at once",
        [row(name, outcomes) for name, outcomes in runs.items()],
        **{
            "chinwag / generate (to reach: 3)": fp32 / reference,
            "chinwag / continuous batching (1.25)": fp32 / batching,
            "int8 / chinwag (1.4)": int8 / fp32,
        },
    )


def staggered(cache: Path, size: Size) -> None:
    load = Load(texts(size.requests, size.prompt_words, seed=2), size.new, size.gap)
    runs = {
        "transformers' continuous batching": rounds(size, library, cache, load),
        "chinwag": rounds(size, ours, cache, load),
    }
    batching, mine = (median(outcome.wait for outcome in outcomes) for outcomes in runs.values())
    show(
        f"{size.requests} requests, {size.gap} s apart",
        [row(name, outcomes) for name, outcomes in runs.items()],
        **{"time to first token, chinwag / continuous batching (to reach: 0.5)": mine / batching},
    )


def alone(cache: Path, size: Size) -> None:
    load = Load(texts(1, size.prompt_words, seed=3), size.new)
    runs = {
        "generate": rounds(size, generate, cache, load),
        "chinwag": rounds(size, ours, cache, load),
    }
    reference, mine = (speed(outcomes) for outcomes in runs.values())
    show(
        "one request alone",
        [row(name, outcomes) for name, outcomes in runs.items()],
        **{"chinwag / generate (to reach: 1)": mine / reference},
    )


def second_turn(cache: Path, size: Size) -> None:
    tokens, empty, later = apart(turns_of_one, cache, size)
    show(
        "time to first token of a second turn",
        [
            {"history": "empty", "ms": empty * 1e3},
            {"history": f"{tokens} tokens", "ms": later * 1e3},
        ],
        **{"second turn / empty history (to reach: 1.3)": later / empty},
    )


def many_conversations(cache: Path, size: Size) -> None:
    rows, growth = apart(turns_of_many, cache, size)
    show(
        f"{size.conversations} conversations in {POOL_TOKENS:,} tokens of cache",
        rows,
        **{"growth of memory after the first turn, %": growth * 100},
    )


# --- in a process of their own ---------------------------------------------------------------


def turns_of_one(cache: Path, size: Size) -> tuple[int, float, float]:
    """Tokens of history, and the median wait without and with it."""
    return asyncio.run(_turns_of_one(cache, size))


async def _turns_of_one(cache: Path, size: Size) -> tuple[int, float, float]:
    empty, later, tokens = [], [], 0
    async with LocalEngine(config(cache), cache) as engine:
        await ask(engine, [Message("user", "Hello")], 4)
        for seed in range(3 * size.rounds):
            question, other = texts(2, 24, seed=100 + seed)
            document = texts(1, size.history_words, seed=200 + seed)[0]
            history = [Message("user", document), Message("assistant", "I have read all of it.")]
            await ask(engine, [*history[:1]], 4)
            await ask(engine, [*history, Message("user", other)], 1)
            tokens = await engine.count_tokens(history)
            later.append(await ask(engine, [*history, Message("user", question)], 4))
            empty.append(await ask(engine, [Message("user", question)], 4))
    return tokens, median(empty), median(later)


def turns_of_many(cache: Path, size: Size) -> tuple[list[dict[str, Figure]], float]:
    return asyncio.run(_turns_of_many(cache, size))


async def _turns_of_many(cache: Path, size: Size) -> tuple[list[dict[str, Figure]], float]:
    """Each turn of all conversations, eight of them at a time."""
    histories = [[Message("user", text)] for text in texts(size.conversations, 400, seed=5)]
    rows: list[dict[str, Figure]] = []
    memory: list[int] = []
    async with LocalEngine(config(cache), cache) as engine:
        tokens = await engine.count_tokens(histories[0])
        for turn in range(size.turns):
            start, slots = time.monotonic(), asyncio.Semaphore(8)

            async def speak(history: list[Message], slots: asyncio.Semaphore = slots) -> None:
                async with slots:
                    await ask(engine, history, 8)
                history += [Message("assistant", "Yes."), Message("user", "And then?")]

            await asyncio.gather(*map(speak, histories))
            memory.append(resident_bytes())
            rows.append(
                {
                    "turn": turn + 1,
                    "tokens each": tokens + turn * 20,
                    "errors": 0,
                    "seconds": time.monotonic() - start,
                    "memory, MiB": memory[-1] / 2**20,
                }
            )
    return rows, memory[-1] / memory[0] - 1


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


# --- the frame -------------------------------------------------------------------------------


def texts(count: int, words: int, seed: int) -> list[str]:
    random = Random(seed)
    return [" ".join(random.choices(WORDS, k=words)) for _ in range(count)]


def apart(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The function's result, from a fresh process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as executor:
        return executor.submit(function, *args, **kwargs).result()


def rounds(
    size: Size, contender: Callable[P, Outcome], *args: P.args, **kwargs: P.kwargs
) -> list[Outcome]:
    return [apart(contender, *args, **kwargs) for _ in range(size.rounds)]


def speed(outcomes: Sequence[Outcome]) -> float:
    return median(outcome.speed for outcome in outcomes)


def row(name: str, outcomes: Sequence[Outcome]) -> dict[str, Figure]:
    return {
        "": name,
        "tokens/s": speed(outcomes),
        "slowest–fastest round": "–".join(
            f"{each:.1f}"
            for each in (min(o.speed for o in outcomes), max(o.speed for o in outcomes))
        ),
        "median time to first token, s": median(outcome.wait for outcome in outcomes),
    }


if __name__ == "__main__":
    main()
