"""The plugin `reminders`: told at their time, kept over restarts, one's own."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contrib.reminders import FARTHEST, Reminder, Reminders, RemindersConfig, span
from bot.errors import CommandError, Unavailable
from bot.hooks import Running
from bot.store import Store
from bot.types import Place, Post, utcnow
from tests.core.house import ANNA, BEN, CHAT, eventually, open_house

pytestmark = pytest.mark.slow

PLUGINS = {"reminders": {"per_person": 2}}


async def test_it_comes_back_at_its_time(tmp_path: Path) -> None:
    async with open_house(tmp_path, plugins=PLUGINS) as people:
        people.command("/remind 1s drink tea")
        await people.see_some("Reminder 1: ")
        await people.see_some("Anna, you wanted to be reminded: drink tea")
        people.command("/reminders")
        await people.see_some("You have no reminders.")


async def test_what_was_due_while_the_bot_was_away_is_told_at_its_start(tmp_path: Path) -> None:
    async with open_house(tmp_path, plugins=PLUGINS) as people:
        past = Reminder(CHAT, ANNA, utcnow() - timedelta(days=3), "the past")
        await people.house.services.store.remember("plugin:reminders", {"7": past.to_json()})
    async with open_house(tmp_path, plugins=PLUGINS) as people:
        await people.see("Anna, you wanted to be reminded: the past")


async def test_everyone_sees_and_forgets_only_their_own(tmp_path: Path) -> None:
    async with open_house(tmp_path, plugins=PLUGINS) as people:
        people.command("/remind 2h hers")
        await people.see_some("Reminder 1: ")
        people.command("/unremind 1", user=BEN)
        await people.see_some("You have no such reminder")
        people.command("/unremind 1")
        await people.see_some("Reminder 1 is forgotten.")


async def test_nobody_has_more_than_the_config_says(tmp_path: Path) -> None:
    async with open_house(tmp_path, plugins=PLUGINS) as people:
        for number in range(1, 3):
            people.command(f"/remind {number}d again")
            await people.see_some(f"Reminder {number}: ")
        people.command("/remind 3d again")
        await people.see_some("as many reminders as one may have")


async def test_two_that_are_made_at_once_are_both_kept(tmp_path: Path) -> None:
    async with open_house(tmp_path, plugins=PLUGINS) as people:
        people.command("/remind 2h hers")
        people.command("/remind 2h his", user=BEN)
        await people.see_some("Reminder 1: ")
        await people.see_some("Reminder 2: ")


async def test_while_its_network_is_away_it_is_not_forgotten(tmp_path: Path) -> None:
    config = RemindersConfig()
    async with open_house(tmp_path) as people:
        reminders, store = Reminders(config, "plugin:reminders"), people.house.services.store
        past = Reminder(CHAT, ANNA, utcnow(), "the past")
        await store.remember("plugin:reminders", {"7": past.to_json()})
        told: list[str] = []

        async def tell(place: Place, post: Post) -> None:
            told.append(post.text)
            if len(told) == 1:
                reminders._changed.set()  # another look
                raise Unavailable("The network can't be reached.")

        async with asyncio.TaskGroup() as group:
            working = group.create_task(reminders.work(Running(people.house.services, tell)))
            await eventually(lambda: len(told) == 2)
            await eventually(lambda: _is_empty(reminders, store))
            working.cancel()


async def _is_empty(reminders: Reminders, store: Store) -> bool:
    return not await reminders.kept(store)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("20m", 1200), ("1d12h", 129_600), ("1H", 3600)]
)
def test_a_span_is_said_in_days_hours_minutes_and_seconds(text: str, seconds: int) -> None:
    assert span(text) == timedelta(seconds=seconds)


@given(st.text())
def test_anything_else_is_refused_in_words(text: str) -> None:
    with suppress(CommandError):
        assert timedelta() < span(text) <= FARTHEST


async def test_they_are_among_what_is_kept_of_a_person_and_are_forgotten_with_it(
    tmp_path: Path,
) -> None:
    alone = Place("fake", "anna", private=True)
    async with open_house(tmp_path, plugins=PLUGINS) as people:
        await people.answer("/remind 2h feed the cat", place=alone)
        await people.answer("/remind 2h walk the dog", user=BEN)
        [file] = (await people.answer("/mydata", place=alone)).files
        assert b"feed the cat" in file.data
        assert b"walk the dog" not in file.data
        await people.answer("/forgetme yes", place=alone)
        assert "no reminders" in (await people.answer("/reminders", place=alone)).text
        assert "walk the dog" in (await people.answer("/reminders", user=BEN)).text
