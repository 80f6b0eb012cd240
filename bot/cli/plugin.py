"""`chinwag plugin`."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.options import config_file


@click.group("plugin")
def plugin_group() -> None:
    """Write a plugin, or see which are installed."""


@plugin_group.command()
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where the package's folder goes; here by default.",
)
@config_file
def new(name: str, folder: Path) -> None:
    """Begin a package, with tests that pass.

    NAME is the plugin's.
    """
    from bot.scaffold import new_plugin

    click.echo(f"{new_plugin(name, folder)} is made; its README.md says how to go on.")


@plugin_group.command("list")
@config_file
def list_plugins() -> None:
    """List what is installed.

    Loaded is what the config names.
    """
    from bot import plugins

    for kind in ("adapters", "engines", "plugins"):
        click.echo(f"{kind}: {', '.join(plugins.names(kind)) or 'none'}")
