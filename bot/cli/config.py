"""`chinwag config`."""

from __future__ import annotations

import click

from bot.cli.options import config_file, read_config


@click.group("config")
def config_group() -> None:
    """Look at the config, and for its faults."""


@config_group.command()
@config_file
def check() -> None:
    """Say all that is wrong, or that it is fine."""
    from bot import config
    from bot.commands.built_in import BUILT_IN
    from bot.registry import set_up

    source = read_config()
    set_up(config.check(source).plugins, [command.spec.name for command in BUILT_IN])
    click.echo(f"{source.file or 'no config file, so the defaults hold'}: fine")


@config_group.command()
@config_file
def show() -> None:
    """Print what holds, and where it is from.

    Defaults are included and secrets masked.
    """
    from bot import config
    from bot.config.show import show

    source = read_config()
    click.echo(show(config.check(source), source), nl=False)
