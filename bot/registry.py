"""What a plugin gets to register with: ``def setup(registry: Registry) -> None``.

The entry-point group is ``chinwag.plugins``; those that the config names are set up at start, in
its order, before anything else runs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bot import plugins
from bot.commands import Command, Handler
from bot.errors import ChinwagError, ConfigError, PluginError
from bot.hooks import Guarded, Hooks, Job, OnMessage, OnReply, PersonalData
from bot.section import validated
from bot.types import CommandSpec

M = TypeVar("M", bound=BaseModel)


class Registry:
    """One plugin's. `scope` is where its notes are: `Store.remember` and `Store.settings`."""

    def __init__(
        self,
        plugin: str,
        options: Mapping[str, Any],
        hooks: Hooks,
        taken: Collection[str] = (),
    ):
        self.plugin = plugin
        self.scope = f"plugin:{plugin}"
        self._options, self._hooks, self._taken = options, hooks, taken
        self._open = True

    def options(self, model: type[M]) -> M:
        """What stands under the plugin's name in the config; best a Section. Raises ConfigError."""
        try:
            return validated(model, self._options)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(("plugins", self.plugin, *map(str, first["loc"])))
            raise ConfigError(first["ctx"]["problem"], key=key) from None

    def command(self, spec: CommandSpec, handler: Handler) -> None:
        self._require_open()
        if spec.name in {*self._taken, *(c.spec.name for c in self._hooks.commands)}:
            raise PluginError(self.plugin, f"there is a command /{spec.name} already")
        self._hooks.commands.append(Command(spec, handler))

    def on_message(self, hook: OnMessage) -> None:
        self._require_open()
        self._hooks.on_message.append(Guarded(self.plugin, "on_message", hook))

    def on_reply(self, hook: OnReply) -> None:
        self._require_open()
        self._hooks.on_reply.append(Guarded(self.plugin, "on_reply", hook))

    def job(self, job: Job) -> None:
        self._require_open()
        self._hooks.jobs.append((self.plugin, job))

    def personal_data(self, data: PersonalData) -> None:
        """What takes part in /mydata and /forgetme."""
        self._require_open()
        self._hooks.personal[self.plugin] = data

    def close(self) -> None:
        """From now on the bot is what it is."""
        self._open = False

    def _require_open(self) -> None:
        if not self._open:
            raise PluginError(self.plugin, "register within setup: the bot has started")


def set_up(configured: Mapping[str, Mapping[str, Any]], taken: Collection[str] = ()) -> Hooks:
    """Of the plugins that the config names; `taken` are the names of other commands.

    Raises ConfigError for a plugin's options, PluginError for all else that is wrong with it.
    """
    hooks = Hooks()
    for name, options in configured.items():
        registry = Registry(name, options, hooks, taken)
        _call(plugins.load("plugins", name), registry)
        registry.close()
    return hooks


def _call(setup: Any, registry: Registry) -> None:
    try:
        setup(registry)
    except ChinwagError:
        raise
    except Exception as error:
        why = f"its setup failed: {type(error).__name__}: {error}"
        raise PluginError(registry.plugin, why) from error
