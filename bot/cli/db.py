"""`chinwag db`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.options import config_file, load_config

if TYPE_CHECKING:
    from bot.store.location import Location


@click.group()
def db() -> None:
    """Copy, check and put back the database of a bot that may be running."""


@db.command()
@config_file
def upgrade() -> None:
    """Bring the database to this version; the bot does so itself when it starts."""
    from bot.store.migrate import upgrade
    from bot.store.open import PATIENCE

    location = _database()
    done = upgrade(location, PATIENCE)
    click.echo(f"{location} {'was upgraded' if done else 'is up to date'}.")


@db.command()
@config_file
def backup() -> None:
    """Put a verified copy into the folder of backups, and say where it is."""
    from bot.store.backup import backup

    click.echo(backup(_database()))


@db.command()
@click.argument("copy", type=click.Path(dir_okay=False, path_type=Path))
@config_file
def restore(copy: Path) -> None:
    """Put COPY in the database's place; the old file is kept."""
    from bot.store.backup import restore

    location = _database()
    kept = restore(location, copy)
    click.echo(f"{location} is now {copy}." + (f" The old one is {kept}." if kept else ""))


@db.command("check")
@config_file
def check_database() -> None:
    """Read all of the database and say whether it is whole."""
    from bot.store.backup import check

    location = _database()
    check(location)
    click.echo(f"{location} is whole.")


def _database() -> Location:
    from bot.store.location import locate

    config = load_config()
    return locate(config.store.url, config.home)
