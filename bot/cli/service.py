"""`chinwag service`."""

from __future__ import annotations

import click

from bot.cli.options import config_file, read_config


@click.group()
def service() -> None:
    """Run as a service of systemd."""


@service.command()
@click.option("--user", is_flag=True, help="As a service of your own, without root.")
@click.option("--print", "only_print", is_flag=True, help="Write nothing, print the unit.")
@config_file
def install(user: bool, only_print: bool) -> None:
    """Write a unit, and say what is left to do.

    It is for this installation and this config.
    """
    from bot import config
    from bot.errors import ChinwagError
    from bot.service.install import NAME, OWN, SYSTEM, next_steps, unit, write

    source = read_config()
    checked, scope = config.check(source), OWN if user else SYSTEM
    if source.file is None:
        raise ChinwagError("A service needs a config file: `chinwag init` writes one.")
    text = unit(checked, source.file, scope)
    if only_print:
        click.echo(text, nl=False)
        return
    click.echo(f"{write(text, scope.folder.expanduser() / NAME)} is written. What is left to do:")
    for step in next_steps(checked, scope):
        click.echo(f"  {step}")
