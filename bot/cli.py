"""The command line: parse, load the config, call one function.

Exit codes: 0 fine, 1 a failure named on stderr, 2 bad config or arguments, 3 the model can't be
had or doesn't fit, 4 a network refused the token, 130 interrupted. Imports are inside the
commands, so that each starts as fast as what it does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.errors import ChinwagError

if TYPE_CHECKING:
    from bot.config import Config
    from bot.engine.local.config import LocalConfig
    from bot.store.location import Location

FILE = "bot.config.file"  # in a context's meta, which all of its commands share


def _remember(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.meta[FILE] = value


config_file: Callable[[Any], Any] = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The config file; else $CHINWAG_CONFIG, ./config.yaml or config.yaml in home.",
    expose_value=False,
    callback=_remember,
)


def load_config(log_file: str = "") -> Config:
    """The config that the command line names, with logging set up as it says."""
    from bot import config, logs

    loaded = config.load(click.get_current_context().meta.get(FILE))
    log = loaded.log
    file = loaded.home / log_file if log_file else None
    logs.setup(log.level, log.format, texts=log.texts, file=file)
    return loaded


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="chinwag", prog_name="chinwag")
@config_file
def cli() -> None:
    """A chat bot for Discord and Telegram that hosts its own reasoning model."""


@cli.command()
@click.option("--conversation", default="default", metavar="NAME", help="Which one to go on with.")
@config_file
def chat(conversation: str) -> int:
    """Talk with the model in this terminal."""
    import asyncio

    from bot import app

    return asyncio.run(app.chat(load_config("chinwag.log"), conversation=conversation))


@cli.command()
@config_file
def run() -> int:
    """Serve the networks that the config names, until told to stop."""
    import asyncio

    from bot import app

    return asyncio.run(app.run(load_config()))


@cli.group("config")
def config_group() -> None:
    """Look at the config."""


@config_group.command()
@config_file
def check() -> None:
    """Say all that is wrong with the config, or that it is fine."""
    from bot import config

    source = config.read(click.get_current_context().meta.get(FILE))
    config.check(source)
    click.echo(f"{source.file or 'no config file, so the defaults hold'}: fine")


@config_group.command()
@config_file
def show() -> None:
    """Print the config that holds, defaults included, with secrets masked."""
    from bot import config
    from bot.config.show import show

    source = config.read(click.get_current_context().meta.get(FILE))
    click.echo(show(config.check(source), source), nl=False)


@cli.group("model")
def model_group() -> None:
    """See what a model needs, get it, list those that are here."""


def local_config(model: str | None) -> tuple[LocalConfig, Path]:
    """The engine's section (with another model in it, if one is named) and home."""
    from bot.engine.local.config import LocalConfig

    config = load_config()
    chosen = config.engine.options
    options = chosen if isinstance(chosen, LocalConfig) else LocalConfig()
    return options.model_copy(update={"model": model} if model else {}), config.home


model_name = click.argument("model", required=False)
as_json = click.option("--json", "as_json", is_flag=True, help="For programs.")


@model_group.command()
@model_name
@as_json
@config_file
def plan(model: str | None, as_json: bool) -> None:
    """Say what MODEL (the config's, if none is named) needs, and what of it fits here."""
    from bot.engine.local import catalogue
    from bot.progress import progress_bar

    with progress_bar() as progress:
        answer = catalogue.plan(*local_config(model), progress, as_json=as_json)
    click.echo(answer)


@model_group.command()
@model_name
@config_file
def fetch(model: str | None) -> None:
    """Get all that MODEL (the config's, if none is named) needs into the cache."""
    from bot.engine.local import catalogue
    from bot.progress import progress_bar

    with progress_bar() as progress:
        answer = catalogue.fetch(*local_config(model), progress)
    click.echo(answer)


@model_group.command("list")
@as_json
@config_file
def list_models(as_json: bool) -> None:
    """List the models in the cache."""
    from bot.engine.local import catalogue

    click.echo(catalogue.listing(*local_config(None), as_json=as_json))


@cli.group()
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; whatever goes wrong is a sentence on stderr."""
    os.umask(0o077)  # history, logs and backups are for nobody else on this machine
    try:
        code = cli.main(arguments, prog_name="chinwag", standalone_mode=False)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # click exits by itself for a broken pipe only
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (click.Abort, KeyboardInterrupt):
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BaseExceptionGroup as group:
        return _report(_first(group))
    except Exception as error:
        return _report(error)
    return code if isinstance(code, int) else 0


def _first(error: BaseException) -> BaseException:
    """What went wrong first among tasks that ran together."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _report(error: BaseException) -> int:
    from traceback import format_exception

    from bot.secrets import redact

    if isinstance(error, KeyboardInterrupt):
        return 130
    if isinstance(error, ChinwagError):
        click.echo(redact(str(error)), err=True)
        return error.exit_code
    click.echo(redact("".join(format_exception(error))), err=True, nl=False)
    click.echo("This is a fault in chinwag: please report it with the lines above.", err=True)
    return 1
