"""`chinwag model`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.options import as_json, config_file, load_config

if TYPE_CHECKING:
    from bot.engine.local.config import LocalConfig


@click.group("model")
def model_group() -> None:
    """See what a model needs; get it."""


def local_config(model: str | None) -> tuple[LocalConfig, Path]:
    """The engine's section (with another model in it, if one is named) and home. That a model's
    code is trusted holds for the model that the config names beside it, and for no other."""
    from bot.engine.local.config import LocalConfig

    config = load_config()
    chosen = config.engine.options
    options = chosen if isinstance(chosen, LocalConfig) else LocalConfig()
    if model and model != options.model:
        options = options.model_copy(update={"model": model, "trust_remote_code": False})
    return options, config.home


model_name = click.argument("model", required=False)


@model_group.command()
@model_name
@as_json
@config_file
def plan(model: str | None, as_json: bool) -> None:
    """Say what a model needs, and what fits here.

    MODEL is the config's, if none is named. Nothing large is downloaded.
    """
    from bot.engine.local import catalogue
    from bot.progress import progress_bar

    with progress_bar() as progress:
        answer = catalogue.plan(*local_config(model), progress, as_json=as_json)
    click.echo(answer)


@model_group.command()
@model_name
@config_file
def fetch(model: str | None) -> None:
    """Get a model into the cache.

    MODEL is the config's, if none is named.
    """
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
