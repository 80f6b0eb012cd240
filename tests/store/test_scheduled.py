"""Backups are taken, and old ones thrown away, without anyone's doing."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.store.backup import STAMP, backup, backups, check_file
from bot.store.location import Location, locate
from bot.store.open import open_store
from bot.store.scheduled import scheduled_backups, until_due
from tests.store.conftest import SQLITE
from tests.store.samples import ask

DAY = timedelta(days=1)


@pytest.fixture
def location(home: Path) -> Location:
    return locate(SQLITE, home)


def pretend(location: Location, age: timedelta) -> None:
    location.backups.mkdir(parents=True, exist_ok=True)
    stamp = (datetime.now(UTC) - age).strftime(STAMP)
    (location.backups / f"chinwag-{stamp}.db").touch()


def test_a_backup_is_due_when_the_newest_is_old_enough(location: Location) -> None:
    assert until_due(location, DAY) == timedelta()
    pretend(location, 3 * DAY)
    assert until_due(location, DAY) == timedelta()
    pretend(location, DAY / 2)
    assert DAY / 2 - timedelta(minutes=1) < until_due(location, DAY) <= DAY / 2


def test_a_clock_that_was_ahead_puts_no_backup_off(location: Location) -> None:
    pretend(location, -300 * DAY)
    assert until_due(location, DAY) == timedelta()


def test_files_of_somebody_elses_in_the_folder_are_left_alone(location: Location) -> None:
    location.backups.mkdir(parents=True)
    (location.backups / "chinwag-of-my-own-Z.db").touch()
    assert backups(location) == []


def wait_for_newer(location: Location, first: Path) -> None:
    """Bounded by the test's own time-out."""
    while first in (kept := backups(location)) or len(kept) < 2:
        time.sleep(0.01)


async def test_they_are_taken_one_after_the_other_and_the_newest_stay(
    home: Path, location: Location
) -> None:
    async with open_store(SQLITE, home) as store:
        await ask(store, "hello")
        first = backup(location)
        async with scheduled_backups(location, timedelta(microseconds=1), 2, timedelta()):
            await asyncio.to_thread(wait_for_newer, location, first)
    kept = backups(location)
    assert len(kept) == 2
    for copy in kept:
        check_file(copy)


async def test_a_failure_is_no_end_of_serving(location: Location) -> None:
    """There is nothing to copy here."""
    async with scheduled_backups(location, DAY, 2, timedelta()):
        for _ in range(20):
            await asyncio.sleep(0)
    assert not backups(location)
