"""How much was asked and answered over the last days, as a picture and in words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta

from bot import charts
from bot import texts_for_owners as texts
from bot.commands import Call, Command
from bot.store import DailyUsage
from bot.types import CommandSpec, File, Parameter, Post, Role, Usage, utcnow

DAYS = 14


async def stats(call: Call) -> Post:
    count = int(call.arguments.get("days", DAYS))
    used = await call.services.store.usage(count)
    title = texts.stats_title(call.services.engine.info.name, count)
    days = every_day(used, utcnow().date(), count)
    told = f"**{title}**\n\n{texts.stats_total(total(days))}"
    with suppress(ModuleNotFoundError):  # without the extra `stats` there are only words
        return Post(told, files=(await _picture(title, days),))
    return Post(f"{told}\n\n{texts.NO_PICTURE()}")


def every_day(used: Sequence[DailyUsage], today: date, count: int) -> list[DailyUsage]:
    """Days without any usage are there, too."""
    known = {usage.day: usage for usage in used}
    days = [(today - timedelta(days=back)).isoformat() for back in reversed(range(count))]
    return [known.get(day) or DailyUsage(day, 0, Usage()) for day in days]


def total(days: Sequence[DailyUsage]) -> DailyUsage:
    usages = [day.usage for day in days]
    summed = Usage(
        **{
            name: sum(getattr(usage, name) for usage in usages)
            for name in Usage.__dataclass_fields__
        }
    )
    return DailyUsage("", sum(day.messages for day in days), summed)


def written(usage: Usage) -> int:
    return usage.reasoning_tokens + usage.text_tokens


def speed(usage: Usage) -> float:
    """Tokens a second of one reply while it is written, on average."""
    seconds = usage.total_seconds - usage.first_token_seconds
    return written(usage) / seconds if seconds > 0 else 0.0


def wait(day: DailyUsage) -> float:
    """Seconds before a reply's first token, on average."""
    return day.usage.first_token_seconds / day.messages if day.messages else 0.0


async def _picture(title: str, days: Sequence[DailyUsage]) -> File:
    panels = (
        charts.Panel(texts.MESSAGES(), [day.messages for day in days]),
        charts.Panel(
            texts.TOKENS(),
            [written(day.usage) for day in days],
            [day.usage.reasoning_tokens for day in days],
            texts.THINKING_OF_IT(),
        ),
        charts.Panel(texts.SPEED(), [speed(day.usage) for day in days]),
        charts.Panel(texts.WAIT(), [wait(day) for day in days]),
    )
    names = [day.day for day in days]
    png = await asyncio.to_thread(charts.draw, title, names, panels, texts.tick)
    return File("stats.png", png, "image/png")


STATS = (
    Command(
        CommandSpec(
            "stats",
            "messages, tokens, speed and waiting over the last days, as a picture",
            (
                Parameter(
                    "days", "how many days, 14 if left out", "integer", False, minimum=1, maximum=90
                ),
            ),
            role=Role.OWNER,
            private=True,
        ),
        stats,
    ),
)
