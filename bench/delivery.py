"""Delivery alone: 200 replies streaming at once through a fake network, and the splitter.

The network answers after 50 ms, in real time; its rates are Discord's, for each reply a place of
its own.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import replace
from statistics import median, quantiles

from bench.report import Figure, show
from bot.delivery.draft import ButtonSet, Draft
from bot.delivery.presenter import Presenter
from bot.delivery.splitter import split
from bot.testing import FakeNetwork
from bot.types import Button, Limits, Message, Place, Rate, Turn, TurnState, Unit

REPLIES = (1, 50, 200)
TOKENS_PER_SECOND = 20
SECONDS = 20
LATENCY = 0.05
LIMITS = Limits(2000, overall=Rate(50, 1 / 50))
BUTTONS = ButtonSet(answering=(Button("Stop", "stop"),))
SENTENCE = "the model says what it has to say, a word a **token** and `code` now and then"
PIECE = (2000, Unit.CODE_POINTS), (4096, Unit.UTF16)
MEGABYTE = 1_000_000


def main() -> None:
    rows = [asyncio.run(measure(replies)) for replies in REPLIES]
    show("replies at once", rows, tokens_per_second=TOKENS_PER_SECOND, seconds=SECONDS)
    show("splitter", [row for name, text in texts().items() for row in speeds(name, text)])


# --- replies ---------------------------------------------------------------------------------


async def measure(replies: int) -> dict[str, Figure]:
    network = FakeNetwork(limits=LIMITS, latency=LATENCY)
    presenter = Presenter(network)
    lags: list[float] = []
    watch = asyncio.create_task(watch_loop(lags))
    cpu, begun = time.process_time(), time.perf_counter()
    await asyncio.gather(*(reply(presenter, number) for number in range(replies)))
    cpu, elapsed = time.process_time() - cpu, time.perf_counter() - begun
    watch.cancel()
    tokens = replies * TOKENS_PER_SECOND * SECONDS
    return {
        "replies": replies,
        "CPU share %": 100 * cpu / elapsed,
        "CPU µs a token": 1e6 * cpu / tokens,
        "lag median ms": median(lags),
        "lag p99 ms": quantiles(lags, n=100)[-1],
        "lag max ms": max(lags),
        "edits a reply": presenter.counters.edits / replies,
        "messages a reply": presenter.counters.sends / replies,
        "429s": presenter.counters.floods,
    }


async def reply(presenter: Presenter, number: int) -> None:
    place = Place("fake", str(number))
    turn = Turn(number, place.key, place, Message("user", "why?"))
    draw, words = random.Random(number), SENTENCE.split()
    await asyncio.sleep(draw.random())  # nobody asks at the same instant
    text = ""
    async with presenter.reply(turn, "line", buttons=BUTTONS) as view:
        for token in range(TOKENS_PER_SECOND * SECONDS):
            text += draw.choice(words) + (" " if token % 60 else "\n\n")
            draft = Draft(TurnState.ANSWERING, text, text_tokens=token)
            view.show(draft)
            await asyncio.sleep(1 / TOKENS_PER_SECOND)
        await view.finish(replace(draft, state=TurnState.DONE))


async def watch_loop(lags: list[float]) -> None:
    """Milliseconds by which a timer of 5 ms is late."""
    while True:
        due = time.perf_counter() + 0.005
        await asyncio.sleep(0.005)
        lags.append(max(0.0, time.perf_counter() - due) * 1000)


# --- the splitter ----------------------------------------------------------------------------


def texts() -> dict[str, str]:
    """A megabyte each; all but the first on one line."""
    part = (
        "## A heading\n\nSome **bold** words, `code`, a [link](https://example.org/page) and more."
        " So it goes on for a while, as answers do, sentence after sentence.\n\n"
        "- an item\n- *another* item\n\n```py\nx = 1\nprint(x)\n```\n\n"
    )
    return {
        "markdown": (part * (MEGABYTE // len(part) + 1))[:MEGABYTE],
        "words": ("word after word. " * 60_000)[:MEGABYTE],
        "one word": "x" * MEGABYTE,
        "emoji": ("👩‍👩‍👧‍👦" * 150_000)[:MEGABYTE],
        "nothing but marks": ("*a " * 334_000)[:MEGABYTE],
    }


def speeds(name: str, text: str) -> list[dict[str, Figure]]:
    return [speed(name, text, length, unit) for length, unit in PIECE]


def speed(name: str, text: str, length: int, unit: Unit) -> dict[str, Figure]:
    begun = time.process_time()
    pieces = split(text, length, unit)
    elapsed = time.process_time() - begun
    return {
        "text": name,
        "piece": f"{length} {unit.value}",
        "million characters/s": len(text) / elapsed / 1e6,
        "ms a piece": 1000 * elapsed / len(pieces),
        "pieces": len(pieces),
    }


if __name__ == "__main__":
    main()
