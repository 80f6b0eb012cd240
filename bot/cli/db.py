"""`chinwag db`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from bot.cli.options import config_file, load_config

if TYPE_CHECKING:
    from bot.store.location import Location


@click.group()
def db() -> None:
    """Look after the database; the bot may be running."""


@db.command()
@config_file
def upgrade() -> None:
    """Bring the database to this version.

    The bot does so itself when it starts.
    """
    from bot.store.migrate import upgrade
    from bot.store.open import PATIENCE

    location = _database()
    done = upgrade(location, PATIENCE)
    click.echo(f"{location} {'was upgraded' if done else 'is up to date'}.")


@db.command()
@config_file
def backup() -> None:
    """Put a verified copy into the backups.

    It says where that is; the newest are kept, as many as `backups.keep` says.
    """
    from bot.store.backup import backup
    from bot.store.location import locate

    config = load_config()
    click.echo(backup(locate(config.store.url, config.home), config.backups.keep))


@db.command()
@click.argument("copy", type=click.Path(dir_okay=False, path_type=Path))
@config_file
def restore(copy: Path) -> None:
    """Put a backup in the database's place.

    COPY is verified first; the old file is kept.
    """
    from bot.store.backup import restore

    location = _database()
    kept = restore(location, copy)
    click.echo(f"{location} is now {copy}." + (f" The old one is {kept}." if kept else ""))


@db.command("check")
@config_file
def check_database() -> None:
    """Say whether the database is whole."""
    from bot.store.backup import check

    location = _database()
    check(location)
    click.echo(f"{location} is whole.")


@db.command()
@click.option(
    "--output", "-o", type=click.File("w", "utf-8", lazy=True), default="-", help="Else stdout."
)
@config_file
def export(output: TextIO) -> None:
    """Write all that is kept as JSON lines."""
    from bot.store.export import export
    from bot.store.open import PATIENCE

    output.writelines(f"{line}\n" for line in export(_database(), PATIENCE))


@db.command()
@config_file
def vacuum() -> None:
    """Give room back that was deleted."""
    from bot.store.open import PATIENCE
    from bot.store.vacuum import vacuum

    location = _database()
    before, after = vacuum(location, PATIENCE)
    click.echo(f"{location} was {before:,} bytes and is {after:,} now.")


def _database() -> Location:
    from bot.store.location import locate

    config = load_config()
    return locate(config.store.url, config.home)
