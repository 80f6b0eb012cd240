from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import StoreCorrupt, StoreNewer, StoreUnavailable
from bot.store.backup import backup, backups, check, check_file, restore
from bot.store.location import Location, locate
from bot.store.open import open_store
from tests.store.conftest import SQLITE
from tests.store.samples import ask, spoken


@pytest.fixture
def location(home: Path) -> Location:
    return locate(SQLITE, home)


async def say(home: Path, *texts: str) -> None:
    async with open_store(SQLITE, home) as store:
        for text in texts:
            await ask(store, text)


async def what_was_said(home: Path) -> list[str]:
    async with open_store(SQLITE, home) as store:
        return await spoken(store)


async def test_a_copy_is_taken_while_the_store_is_written(home: Path, location: Location) -> None:
    async with open_store(SQLITE, home) as store:
        await ask(store, "before")
        writing = asyncio.create_task(say_much(store_home=home))
        copy = await asyncio.to_thread(backup, location)
        await writing
        await ask(store, "after")
    check_file(copy)
    restore(location, copy)
    assert (await what_was_said(home))[0] == "before"
    assert "after" not in await what_was_said(home)


async def say_much(store_home: Path) -> None:
    await say(store_home, *(f"{n}" * 1000 for n in range(20)))


async def test_a_copy_is_one_private_file_with_its_checksum(home: Path, location: Location) -> None:
    await say(home, "kept")
    copy = backup(location)
    checksum = hashlib.sha256(copy.read_bytes()).hexdigest()
    names = sorted(file.name for file in copy.parent.iterdir())
    assert names == [copy.name, f"{copy.name}.sha256"]
    assert (copy.parent / names[1]).read_text() == f"{checksum}  {copy.name}\n"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.parent.stat().st_mode & 0o777 == 0o700


async def test_only_the_newest_copies_stay(home: Path, location: Location) -> None:
    await say(home, "kept")
    stranger = location.backups / "holiday.db"
    copies = [backup(location, keep=2)]
    stranger.touch()
    copies += [backup(location, keep=2) for _ in range(3)]
    assert backups(location) == copies[-2:]
    assert len(list(location.backups.iterdir())) == 5


async def test_restoring_keeps_the_old_file(home: Path, location: Location) -> None:
    await say(home, "first")
    copy = backup(location)
    await say(home, "second")
    kept = restore(location, copy)
    assert kept is not None
    assert await what_was_said(home) == ["first"]
    restore(location, kept)
    assert await what_was_said(home) == ["first", "second"]


async def test_restoring_where_nothing_was(home: Path, location: Location, tmp_path: Path) -> None:
    await say(home, "first")
    copy = backup(location)
    fresh = tmp_path / "fresh"
    assert restore(locate(SQLITE, fresh), copy) is None
    assert await what_was_said(fresh) == ["first"]


async def test_a_database_in_use_is_not_replaced(home: Path, location: Location) -> None:
    await say(home, "first")
    copy = backup(location)
    async with open_store(SQLITE, home) as store:
        await ask(store, "second")
        with pytest.raises(StoreUnavailable, match="locked by another process"):
            await asyncio.to_thread(restore, location, copy)
        await ask(store, "third")
    assert await what_was_said(home) == ["first", "second", "third"]


async def test_a_damaged_database_is_replaced_and_kept(home: Path, location: Location) -> None:
    await say(home, "first")
    copy = backup(location)
    (home / "chinwag.db").write_bytes(b"not a database at all" * 100)
    kept = restore(location, copy)
    assert kept is not None
    assert kept.read_bytes().startswith(b"not a database")
    assert await what_was_said(home) == ["first"]


async def test_a_changed_copy_is_refused_and_nothing_changes(
    home: Path, location: Location
) -> None:
    await say(home, "first")
    copy = backup(location)
    with copy.open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(StoreCorrupt, match="changed since it was written"):
        restore(location, copy)
    assert await what_was_said(home) == ["first"]


@pytest.mark.parametrize(
    ("statement", "error", "says"),
    [
        ("DROP TABLE alembic_version", StoreCorrupt, "not a database of chinwag"),
        ("UPDATE alembic_version SET version_num = 'later'", StoreNewer, "later"),
        ("UPDATE turns SET question_id = 404", StoreCorrupt, "damaged"),
    ],
)
async def test_a_copy_that_is_no_good_is_refused(
    home: Path, location: Location, statement: str, error: type[Exception], says: str
) -> None:
    await say(home, "first")
    copy = backup(location)
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute(statement)
        connection.commit()
    copy.with_name(f"{copy.name}.sha256").unlink()
    with pytest.raises(error, match=says):
        restore(location, copy)
    assert await what_was_said(home) == ["first"]


async def test_what_is_not_there_can_be_neither_copied_nor_checked(location: Location) -> None:
    for action in (backup, check):
        with pytest.raises(StoreUnavailable, match="is not there"):
            action(location)
    assert not location.backups.joinpath("chinwag.db").exists()


async def test_a_sound_database_passes_the_check(home: Path, location: Location) -> None:
    await say(home, "first")
    check(location)


def test_a_server_is_copied_with_its_own_tools(home: Path) -> None:
    with pytest.raises(StoreUnavailable, match="pg_dump"):
        backup(locate("postgresql://host/chinwag", home))
