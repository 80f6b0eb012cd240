"""A database that is read-only, full, locked, damaged or not ours: one sentence, nothing lost."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import ConfigError, StoreCorrupt, StoreError, StoreUnavailable
from bot.store.open import open_store
from tests.store.conftest import SQLITE
from tests.store.samples import HERE, ask, said, spoken

NOBODY = 65534


async def fails_to_open(home: Path, patience: float = 30.0) -> StoreError:
    with pytest.raises(StoreError) as caught:
        async with open_store(SQLITE, home, patience):
            pass
    assert_one_sentence(caught.value)
    return caught.value


def assert_one_sentence(error: StoreError) -> None:
    text = str(error)
    assert text.startswith("The database ")
    assert text.endswith(".")
    assert "\n" not in text
    assert "chinwag.db" in text


@contextmanager
def locked(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield holder


@contextmanager
def unprivileged() -> Iterator[None]:
    """As somebody whom file modes bind: root may write anything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
async def public_home() -> AsyncIterator[Path]:
    """With a database, where everybody may look but only the owner may write."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_store(SQLITE, Path(folder)) as store:
            await ask(store, "kept")
        for path in (Path(folder), *Path(folder).iterdir()):
            path.chmod(0o555)
        yield Path(folder)
        Path(folder).chmod(0o700)


async def test_a_read_only_file_is_refused_at_the_start(public_home: Path) -> None:
    public_home.chmod(0o777)
    with unprivileged():
        assert "read-only" in str(await fails_to_open(public_home))


async def test_a_read_only_folder_is_refused_at_the_start(public_home: Path) -> None:
    (public_home / "chinwag.db").chmod(0o666)
    with unprivileged():
        assert "read-only" in str(await fails_to_open(public_home))


async def test_a_lock_that_ends_only_delays(home: Path) -> None:
    async with open_store(SQLITE, home) as store:
        with locked(home / "chinwag.db") as holder:
            waiting = asyncio.create_task(ask(store, "patient"))
            assert await spoken(store) == []  # reading goes on, and so does the event loop
            assert not waiting.done()
            holder.execute("COMMIT")
            await waiting
        assert await spoken(store) == ["patient"]


async def test_a_lock_that_lasts_is_named_and_nothing_is_written(home: Path) -> None:
    async with open_store(SQLITE, home, patience=0.05) as store:
        with locked(home / "chinwag.db"), pytest.raises(StoreUnavailable, match="locked") as caught:
            await ask(store, "too late")
        assert_one_sentence(caught.value)
        assert await spoken(store) == []
        await ask(store, "now")
        assert await spoken(store) == ["now"]


async def test_those_who_queue_behind_a_lock_give_up_too(home: Path) -> None:
    async with open_store(SQLITE, home, patience=0.05) as store:
        with locked(home / "chinwag.db"):
            asked = [ask(store, str(number)) for number in range(5)]
            results = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(result) for result in results] == [StoreUnavailable] * 5
        await ask(store, "now")
        assert await spoken(store) == ["now"]


async def test_a_database_that_is_locked_at_the_start_is_named(home: Path) -> None:
    async with open_store(SQLITE, home):
        pass
    with locked(home / "chinwag.db"):
        assert "locked" in str(await fails_to_open(home, patience=0.05))


async def test_a_cancelled_write_harms_no_other(home: Path) -> None:
    async with open_store(SQLITE, home) as store:
        with locked(home / "chinwag.db") as holder:
            cancelled, queued = (asyncio.create_task(ask(store, text)) for text in ("one", "two"))
            await asyncio.sleep(0.01)
            cancelled.cancel()
            holder.execute("COMMIT")
            await queued
            with pytest.raises(asyncio.CancelledError):
                await cancelled
        assert (await spoken(store))[-1] == "two"


async def test_a_write_leaves_no_lock_behind_wherever_it_is_cancelled(home: Path) -> None:
    async with open_store(SQLITE, home, patience=5) as store:
        for steps in range(30):
            writing = asyncio.create_task(ask(store, "cancelled"))
            for _ in range(steps):
                await asyncio.sleep(0.0002)
            writing.cancel()
            await asyncio.wait([writing])
            await ask(store, f"after {steps}")
        turns = [record.turn.message.text for record in await store.unfinished("telegram")]
        assert turns == await spoken(store, limit=100)
        assert set(turns) >= {f"after {steps}" for steps in range(30)}


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Databases that can't grow beyond what an empty one takes, and a little."""

    def limit(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA max_page_count = 60")
        cursor.close()

    event.listen(Engine, "connect", limit)
    yield
    event.remove(Engine, "connect", limit)


@pytest.mark.usefixtures("small_disk")
async def test_a_full_disk_is_named_and_what_was_kept_stays(home: Path) -> None:
    async with open_store(SQLITE, home) as store:
        await ask(store, "small")
        with pytest.raises(StoreUnavailable, match="disk is full") as caught:
            await ask(store, "x" * 1_000_000)
        assert_one_sentence(caught.value)
        assert "xxx" not in "".join(traceback.format_exception(caught.value)), "what people say"
        await ask(store, "small again")
        assert await spoken(store) == ["small", "small again"]


@pytest.mark.parametrize("content", [b"not a database, but long enough to be one" * 100, b"short"])
async def test_a_file_that_is_no_database_is_left_as_it_is(home: Path, content: bytes) -> None:
    home.mkdir()
    file = home / "chinwag.db"
    file.write_bytes(content)
    assert isinstance(await fails_to_open(home), StoreCorrupt)
    assert file.read_bytes() == content


async def test_a_damaged_page_is_found_at_the_start_and_nothing_is_repaired(home: Path) -> None:
    file = home / "chinwag.db"
    async with open_store(SQLITE, home) as store:
        await ask(store, "x" * 1_000_000)
    damage(file)
    content = file.read_bytes()
    error = await fails_to_open(home)
    assert isinstance(error, StoreCorrupt)
    assert "chinwag db restore" in str(error)
    assert file.read_bytes() == content


async def test_a_page_that_is_damaged_later_is_found_when_it_is_read(home: Path) -> None:
    file = home / "chinwag.db"
    async with open_store(SQLITE, home) as store:
        await ask(store, "x" * 1_000_000)
    async with open_store(SQLITE, home) as store:
        damage(file)
        with pytest.raises(StoreCorrupt, match="chinwag db restore") as caught:
            await spoken(store)
        assert_one_sentence(caught.value)


def damage(file: Path) -> None:
    """Overwrite the pages behind those that an empty database has."""
    with closing(sqlite3.connect(file)) as connection:
        [size] = connection.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as stream:
        length = stream.seek(0, os.SEEK_END)
        for start in range(size * 40, length, size):
            stream.seek(start)
            stream.write(b"\xff" * 100)


@pytest.mark.parametrize(
    "url", ["sqlite://", "mysql://host/name", "chinwag.db", "sqlite:///:memory:"]
)
async def test_another_kind_of_url_is_refused(home: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="sqlite:///FILE or postgresql://") as caught:
        async with open_store(url, home):
            pass
    assert caught.value.key == "store.url"


async def test_a_server_that_is_away_is_named_without_its_password(home: Path) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        async with open_store("postgresql://bot:hunter2@127.0.0.1:1/chinwag", home):
            pass
    assert "127.0.0.1" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_new_files_and_folders_are_private(home: Path) -> None:
    async with open_store(SQLITE, home) as store:
        await store.receive(HERE, said("secret"))
        modes = {file.name: file.stat().st_mode & 0o777 for file in home.iterdir()}
    assert home.stat().st_mode & 0o777 == 0o700
    assert modes == dict.fromkeys(("chinwag.db", "chinwag.db-shm", "chinwag.db-wal"), 0o600)
