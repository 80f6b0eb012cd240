"""The models that the config has a name for, and the engines that are made of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from bot import plugins
from bot.chosenmodel import ChosenModel
from bot.config import Chosen, Config
from bot.engine import Engine
from bot.engine.supervisor import Supervisor
from bot.errors import ModelUnavailable
from bot.types import Progress

log = structlog.get_logger(__name__)

MODEL = "model"
"""The key of an engine's options that names its model, where it has one."""
TRUST = "trust_remote_code"
"""The key that trusts the code of the model that is named beside it."""


class Shelf:
    """What stands under ``engine`` is known by its model, or else by its kind; what stands under
    ``models`` by its own name."""

    def __init__(self, config: Config, progress: Progress):
        self._config = config
        self._progress = progress

    def reread(self, config: Config) -> None:
        self._config = config

    def names(self) -> Sequence[str]:
        return list(dict.fromkeys((self.configured, *self._config.models)))

    @property
    def configured(self) -> str:
        return model_of(self._config.engine)

    @property
    def chosen(self) -> ChosenModel:
        return ChosenModel(self._config.home, self.configured)

    async def keep(self, name: str) -> bool:
        try:
            await asyncio.to_thread(self.chosen.keep, name)
        except OSError as error:
            log.error("the chosen model serves until the restart only", why=str(error))
            return False
        return True

    def make(self, name: str) -> Engine:
        """Building does no I/O. Raises ModelUnavailable for a name that means nothing."""
        section = self.section(name)
        factory, home = plugins.engine(section.kind), self._config.home
        return Supervisor(lambda: factory(section.options, home, self._progress))

    def section(self, name: str) -> Chosen:
        """What the config says of this model; of one that it does not name, what it says of
        `engine`, but that its code is trusted. Raises ModelUnavailable."""
        if name in self._config.models:
            return self._config.models[name]
        engine = self._config.engine
        if name == self.configured:
            return engine
        keys = type(engine.options).model_fields
        if MODEL in keys:
            changes = {MODEL: name, TRUST: False} if TRUST in keys else {MODEL: name}
            return Chosen(engine.kind, engine.options.model_copy(update=changes))
        raise ModelUnavailable(
            "There is no model {name}; there are: {names}.",
            name=name,
            names=", ".join(self.names()),
        )


def model_of(engine: Chosen) -> str:
    return str(getattr(engine.options, MODEL, engine.kind))
