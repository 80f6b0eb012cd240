"""`chinwag chat` and `chinwag run`."""

from __future__ import annotations

import click

from bot.cli.options import config_file, config_reader, load_config


@click.command()
@click.option(
    "--conversation",
    default="default",
    metavar="NAME",
    help="Which one to go on with, or to begin.",
)
@config_file
def chat(conversation: str) -> int:
    """Talk with the model in this terminal.

    In a pipe each line is a message, and nothing but replies goes to stdout.
    """
    import asyncio

    from bot import app

    return asyncio.run(app.chat(load_config("chinwag.log"), conversation=conversation))


@click.command()
@config_file
def run() -> int:
    """Serve the networks that the config names.

    Until SIGTERM or Ctrl-C; a second one ends it at once.
    """
    import asyncio
    import faulthandler
    import sys

    from bot import app

    if (
        sys.__stderr__ is not None
    ):  # where one hangs that systemd ends, or crashes outside of Python
        faulthandler.enable(sys.__stderr__)
    return asyncio.run(app.run(load_config(), config_reader()))
