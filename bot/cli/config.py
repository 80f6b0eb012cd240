"""`chinwag config`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.cli.options import config_file, read_config

if TYPE_CHECKING:
    from bot.config import Config, Source


@click.group("config")
def config_group() -> None:
    """Look at the config, and for its faults."""


@config_group.command()
@config_file
def check() -> None:
    """Say all that is wrong, or that it is fine."""
    source = read_config()
    _checked(source)
    click.echo(f"{source.file or 'no config file, so the defaults hold'}: fine")


@config_group.command()
@config_file
def show() -> None:
    """Print what holds, and where it is from.

    Defaults are included and secrets masked.
    """
    from bot.config.show import show

    source = read_config()
    click.echo(show(_checked(source), source), nl=False)


def _checked(source: Source) -> Config:
    """With the sections of the plugins, whose secrets are known only then."""
    from bot import config
    from bot.commands.built_in import BUILT_IN
    from bot.registry import set_up

    checked = config.check(source)
    set_up(checked.plugins, [command.spec.name for command in BUILT_IN])
    return checked
