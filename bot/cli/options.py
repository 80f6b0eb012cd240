"""What the families of commands share: which config, and how to load it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bot.config import Config, Source

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

as_json = click.option("--json", "as_json", is_flag=True, help="For programs.")


def named_file() -> Path | None:
    """The config file that the command line names."""
    file: Path | None = click.get_current_context().meta.get(FILE)
    return file


def read_config() -> Source:
    """What is written, not yet checked."""
    from bot import config

    return config.read(named_file())


def config_reader() -> Callable[[], Config]:
    """Reads the same config again, later."""
    from bot import config

    file = named_file()
    return lambda: config.load(file)


def load_config(log_file: str = "") -> Config:
    """The config that the command line names, with logging set up as it says."""
    from bot import config, logs

    loaded = config.load(named_file())
    log = loaded.log
    file = loaded.home / log_file if log_file else None
    logs.setup(log.level, log.format, texts=log.texts, file=file)
    return loaded
