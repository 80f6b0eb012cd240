"""The config read again: what can change does, the rest is named, a broken one changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.config import Config
from bot.errors import ConfigError
from bot.reload import Reloader
from tests.core.house import configured


class Reread:
    """A config that is another one each time that it is read; `applied` are those in force."""

    def __init__(self, home: Path):
        self.home, self.applied = home, list[Config]()
        self.next: dict[str, Any] = {}
        live = dict.fromkeys(("respond", "sampling"), self.applied.append)
        self.reloader = Reloader(self.read(), self.read, live)

    def read(self) -> Config:
        return configured(self.home, **self.next)


@pytest.fixture
def reread(tmp_path: Path) -> Reread:
    return Reread(tmp_path)


async def test_nothing_new_changes_nothing(reread: Reread) -> None:
    reloaded = await reread.reloader.reload()
    assert (reloaded.now, reloaded.later, reread.applied) == ((), (), [])
    assert str(reloaded) == "new: nothing"


async def test_what_can_change_does_at_once_and_the_rest_is_named(reread: Reread) -> None:
    reread.next = {
        "respond": "always",
        "sampling": {"seed": 7},
        "store": {"url": "sqlite:///x.db"},
    }
    reloaded = await reread.reloader.reload()
    assert (reloaded.now, reloaded.later) == (("sampling", "respond"), ("store",))
    assert str(reloaded) == "new: sampling, respond; after a restart: store"
    (applied,) = reread.applied
    assert (applied.respond, applied.sampling.seed) == ("always", 7)


async def test_what_waits_for_a_restart_is_named_until_then(reread: Reread) -> None:
    reread.next = {"respond": "always", "store": {"url": "sqlite:///x.db"}}
    await reread.reloader.reload()
    again = await reread.reloader.reload()
    assert (again.now, again.later) == ((), ("store",))


async def test_a_default_that_is_written_down_counts_as_new(reread: Reread) -> None:
    """It wins over the model's own then."""
    reread.next = {"sampling": {"temperature": 0.7}}
    assert (await reread.reloader.reload()).now == ("sampling",)


async def test_a_broken_config_changes_nothing(reread: Reread) -> None:
    def broken() -> Config:
        raise ConfigError("expected a number", key="turns")

    reloader = Reloader(reread.read(), broken, {"respond": reread.applied.append})
    with pytest.raises(ConfigError):
        await reloader.reload()
    assert reread.applied == []
