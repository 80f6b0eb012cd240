"""SIGHUP, which is what `systemctl reload` sends: the config is read again, and systemd told."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import yaml

from tests.service.test_process import Unit, unit

pytestmark = pytest.mark.slow


def rewrite(it: Unit, **changes: object) -> None:
    file = it.bot.config
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | changes))


async def test_a_hangup_puts_the_config_in_force_that_is_there_then(tmp_path: Path) -> None:
    async with unit(tmp_path) as it:
        await it.ready()
        rewrite(it, respond="always", turns={"max_age": 60})
        it.send(signal.SIGHUP)
        await it.told(RELOADING="1")
        said = await it.told(READY="1")
        assert said["STATUS"] == "serving telegram; new: respond; after a restart: turns"


async def test_a_hangup_with_a_broken_config_changes_nothing(tmp_path: Path) -> None:
    async with unit(tmp_path) as it:
        await it.ready()
        rewrite(it, respond="sometimes")
        it.send(signal.SIGHUP)
        said = await it.told(READY="1")
        assert said["STATUS"].startswith("serving telegram; not reloaded: ")
        assert "respond" in said["STATUS"]
