"""Which revision a database is at, and which ones this chinwag knows."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

import migrations
from bot.errors import StoreNewer

FOLDER = Path(migrations.__file__).parent


def alembic_config(connection: Connection | None = None) -> Config:
    """The scripts lie in the installed package; `connection` is what they run on."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config


def known() -> tuple[str, ...]:
    """Newest first."""
    scripts = ScriptDirectory.from_config(alembic_config())
    return tuple(script.revision for script in scripts.walk_revisions())


def found(connection: Connection) -> str | None:
    """None for an empty database. Raises StoreNewer for a revision that is not known here."""
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is not None and revision not in known():
        raise StoreNewer(revision, known()[0])
    return revision
