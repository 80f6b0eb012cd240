"""A store on real SQLite; on PostgreSQL too where CHINWAG_TEST_POSTGRES is the URL of a database
that may be emptied."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy

from bot.store.location import locate
from bot.store.migrate import upgrade
from bot.store.open import open_store
from bot.store.sql import SqlStore

SQLITE = "sqlite:///chinwag.db"
URLS = [SQLITE, *filter(None, [os.environ.get("CHINWAG_TEST_POSTGRES")])]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(params=URLS, ids=lambda url: str(url).partition(":")[0])
def url(request: pytest.FixtureRequest, home: Path) -> str:
    location = locate(request.param, home)
    if location.file is None:
        engine = sqlalchemy.create_engine(location.url)
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        engine.dispose()
    return str(request.param)


@pytest.fixture(scope="session")
def migrated_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With an empty database, for copying: migrating one for each test would take longest."""
    home = tmp_path_factory.mktemp("migrated")
    upgrade(locate(SQLITE, home), 30)
    return home


@pytest.fixture
async def store(url: str, home: Path, migrated_home: Path) -> AsyncIterator[SqlStore]:
    if url == SQLITE:
        shutil.copytree(migrated_home, home)
    async with open_store(url, home) as opened:
        yield opened
