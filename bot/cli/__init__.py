"""The command line: parse, load the config, call one function. One file a family of commands.

Exit codes: 0 fine, 1 a failure named on stderr, 2 bad config or arguments, 3 the model can't be
had or doesn't fit, 4 a network refused the token, 130 interrupted. Imports are inside the
commands, so that each starts as fast as what it does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from bot.cli.config import config_group
from bot.cli.db import db
from bot.cli.doctor import doctor
from bot.cli.init import init
from bot.cli.model import model_group
from bot.cli.options import config_file
from bot.cli.plugin import plugin_group
from bot.cli.service import service
from bot.cli.talk import chat, run
from bot.errors import ChinwagError


class InOrder(click.Group):
    """Lists its commands as they were added: in the order in which people need them."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    cls=InOrder,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="New here? `chinwag chat` talks at once. `chinwag init` asks what it takes for Discord "
    "and Telegram, `chinwag doctor` looks whether all is well, `chinwag run` serves.",
)
@click.version_option(package_name="chinwag", prog_name="chinwag")
@config_file
def cli() -> None:
    """A chat bot for Discord and Telegram that hosts its own reasoning model."""


for command in (chat, init, doctor, run, service, config_group, model_group, db, plugin_group):
    cli.add_command(command)


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
        click.echo(err=True)  # behind the terminal's ^C
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
