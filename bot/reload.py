"""The config read again while the bot runs: what can change then does, the rest is named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from bot.config import Config

log = structlog.get_logger(__name__)

Apply = Callable[[Config], None]


@dataclass(frozen=True, slots=True)
class Reloaded:
    """Keys of the config that are new: those that hold `now`, and those that will after a
    restart."""

    now: tuple[str, ...]
    later: tuple[str, ...]

    def __str__(self) -> str:
        """For the log and for systemd."""
        now = f"new: {', '.join(self.now) or 'nothing'}"
        return f"{now}; after a restart: {', '.join(self.later)}" if self.later else now


class Reloader:
    """`read` reads the config anew, `live` says for a top-level key how a new value of it is put
    in force."""

    def __init__(self, config: Config, read: Callable[[], Config], live: Mapping[str, Apply]):
        self._held = {key: _written(config, key) for key in Config.model_fields}
        self._read, self._live = read, live

    async def reload(self) -> Reloaded:
        """Raises ConfigError, and then nothing has changed."""
        new = await asyncio.to_thread(self._read)
        changed = [key for key, held in self._held.items() if _written(new, key) != held]
        now = tuple(key for key in changed if key in self._live)
        for apply in dict.fromkeys(self._live[key] for key in now):
            apply(new)
        self._held.update({key: _written(new, key) for key in now})
        reloaded = Reloaded(now, tuple(key for key in changed if key not in self._live))
        log.info("config reloaded", now=reloaded.now, later=reloaded.later)
        return reloaded


def _written(config: Config, key: str) -> object:
    """With what is only a default told apart: a model's own defaults win over that."""
    value = getattr(config, key)
    return value, key in config.model_fields_set, getattr(value, "model_fields_set", None)
