from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.errors import StoreCorrupt, StoreNewer
from bot.store import revisions
from bot.store.backup import backups, check_file
from bot.store.location import locate
from bot.store.migrate import upgrade
from bot.store.open import open_store
from bot.store.tables import Base
from tests.store.conftest import SQLITE
from tests.store.samples import ask, spoken

NEXT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "next", {newest!r}


def upgrade() -> None:
    with op.batch_alter_table("turns") as turns:
        turns.add_column(sa.Column("mood", sa.Text(), nullable=True))
    {more}
"""


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """From now on chinwag has one more revision, which also runs the given line."""
    newest = revisions.known()[0]

    def install(more: str = "") -> None:
        folder = tmp_path / "migrations"
        shutil.copytree(revisions.FOLDER, folder)
        (folder / "versions" / "next.py").write_text(NEXT.format(newest=newest, more=more))
        monkeypatch.setattr(revisions, "FOLDER", folder)

    return install


def schema(connection: sqlalchemy.Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE sql NOT NULL AND name != 'alembic_version'"
    )
    unquoted = {name: sql.replace('"', "") for name, sql in rows}  # a copied table's name is quoted
    return {name: "".join(sql.split()) for name, sql in unquoted.items()}


async def test_upgrading_makes_what_the_tables_say(url: str, home: Path) -> None:
    async with open_store(url, home):
        pass
    engine = sqlalchemy.create_engine(locate(url, home).url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


async def test_upgrading_makes_it_to_the_letter(home: Path) -> None:
    """Partial indexes, cascades and constraint names too, which alembic does not compare."""
    async with open_store(SQLITE, home):
        pass
    migrated = sqlalchemy.create_engine(locate(SQLITE, home).url)
    created = sqlalchemy.create_engine("sqlite://")
    Base.metadata.create_all(created)
    with migrated.connect() as one, created.connect() as other:
        assert schema(one) == schema(other)
    migrated.dispose()
    created.dispose()


async def test_a_new_database_needs_no_copy_and_an_old_one_no_second(home: Path) -> None:
    for _ in range(2):
        async with open_store(SQLITE, home):
            pass
    assert not (home / "backups").exists()


async def test_an_older_database_is_copied_and_then_upgraded(
    home: Path, next_version: Callable[..., None]
) -> None:
    async with open_store(SQLITE, home) as store:
        await ask(store, "kept")
    next_version()
    async with open_store(SQLITE, home) as store:
        assert await spoken(store) == ["kept"]
    [copy] = backups(locate(SQLITE, home))
    check_file(copy)
    assert ("turns", "mood") in columns(home / "chinwag.db")
    assert ("turns", "mood") not in columns(copy)


async def test_a_newer_database_is_refused_with_both_revisions(
    home: Path, next_version: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    next_version()
    upgrade(locate(SQLITE, home), 30)
    monkeypatch.undo()
    before = (home / "chinwag.db").read_bytes()
    with pytest.raises(StoreNewer, match=r"revision next.*knows up to 0") as caught:
        async with open_store(SQLITE, home):
            pass
    assert (caught.value.found, caught.value.known) == ("next", revisions.known()[0])
    assert (home / "chinwag.db").read_bytes() == before


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ("raise RuntimeError('half-way')", RuntimeError),
        ("op.execute('UPDATE turns SET question_id = 404')", StoreCorrupt),
    ],
)
async def test_an_upgrade_that_fails_leaves_the_database_as_it_was(
    home: Path,
    next_version: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    more: str,
    error: type[Exception],
) -> None:
    async with open_store(SQLITE, home) as store:
        await ask(store, "kept")
    next_version(more)
    with pytest.raises(error):
        upgrade(locate(SQLITE, home), 30)
    monkeypatch.undo()
    async with open_store(SQLITE, home) as store:
        assert await spoken(store) == ["kept"]


def test_of_many_that_start_at_once_one_upgrades(url: str, home: Path) -> None:
    location = locate(url, home)
    with ThreadPoolExecutor(8) as starters:
        done = list(starters.map(lambda _: upgrade(location, 30), range(8)))
    assert sorted(done) == [False] * 7 + [True]


def columns(file: Path) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(file)) as connection:
        return set(
            connection.execute(
                "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c"
            )
        )
