"""The config: read from YAML and the environment, checked as a whole, frozen.

config = load()                # --config, $CHINWAG_CONFIG, ./config.yaml, then home
config.engine.options          # the engine's own Config
config.adapters["telegram"]    # the adapter's own Config
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from bot.config.chosen import Chosen
from bot.config.model import Config
from bot.config.source import Source, read
from bot.secrets import Secret
from bot.section import Location, Section

__all__ = ["Chosen", "Config", "Secret", "Section", "Source", "check", "load", "read"]


def load(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """Raises ConfigError with all that is wrong, one fault a line."""
    return check(read(path, environ))


def check(source: Source) -> Config:
    """Raises ConfigError."""
    try:
        config = Config.model_validate(source.data)
    except ValidationError as error:
        raise source.error((e["loc"], e["ctx"]["problem"]) for e in error.errors()) from None
    if source.world_readable:
        literal = [
            *literal_secrets(config),
            *([("store", "url")] if urlsplit(config.store.url).password else []),
        ]
        exposed = [place for place in literal if source.place(place).line]
        if exposed:
            advice = f"everyone on this machine can read this secret: chmod 600 {source.file}"
            raise source.error((place, advice) for place in exposed)
    return config


def literal_secrets(config: Config) -> Iterator[Location]:
    """Where the config holds a secret itself rather than the way to it."""
    return (place for place, secret in held_secrets(config) if secret.origin == "value")


def held_secrets(value: Any, location: Location = ()) -> Iterator[tuple[Location, Secret]]:
    """All secrets that a config, or a part of it, names."""
    if isinstance(value, Secret):
        yield location, value
    elif isinstance(value, Chosen):
        yield from held_secrets(value.options, location)
    elif isinstance(value, BaseModel):
        yield from held_secrets(dict(value), location)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from held_secrets(item, (*location, key))
