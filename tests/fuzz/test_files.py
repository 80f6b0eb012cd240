"""Configs and backups that somebody broke are told from good ones, in words."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot import config
from bot.errors import ConfigError, StoreError
from bot.registry import set_up
from bot.store.backup import backup, check_file, restore
from bot.store.location import Location, locate
from bot.store.migrate import upgrade
from bot.testing.common.mangle import mangled

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"
CONFIG = yaml.safe_load(EXAMPLE.read_text("utf-8")) | {
    "adapters": {
        "telegram": {"token": "123456:abc", "webhook": {"url": "https://example.org/x"}},
        "discord": {"token_env": "DISCORD_TOKEN", "guilds": ["1"]},
    },
    "access": {"owner": ["telegram:1001"], "allow": ["everyone"]},
    "plugins": {"reminders": {"per_person": 3}},
}


def load(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder, "config.yaml")
        file.write_bytes(content)
        with suppress(ConfigError):
            set_up(config.load(file, {}).plugins)


@given(st.randoms(use_true_random=False))
def test_a_config_that_is_nearly_right_is_read_or_refused_in_words(dice: random.Random) -> None:
    load(yaml.safe_dump(mangled(CONFIG, dice)).encode("utf-8", "surrogatepass"))


@given(st.binary(max_size=300))
def test_a_config_of_any_bytes_is_read_or_refused_in_words(content: bytes) -> None:
    load(content)


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Location:
    location = locate("sqlite:///chinwag.db", tmp_path_factory.mktemp("home"))
    upgrade(location, 30)
    return location


@pytest.fixture(scope="module")
def good(location: Location) -> bytes:
    return backup(location).read_bytes()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copy.db"


def broken(good: bytes, dice: random.Random) -> bytes:
    """Some bytes of it changed, and sometimes an end that is missing."""
    content = bytearray(good)
    for _ in range(dice.randint(1, 64)):
        content[dice.randrange(len(content))] = dice.randrange(256)
    return bytes(content[: dice.choice([len(content), dice.randrange(len(content))])])


def test_a_broken_backup_is_refused_or_is_whole_and_nothing_is_replaced_by_a_bad_one(
    location: Location, good: bytes, copy: Path
) -> None:
    dice = random.Random(7)
    assert location.file is not None
    for _ in range(100):
        before = location.file.read_bytes()
        copy.write_bytes(broken(good, dice))
        try:
            restore(location, copy)
        except StoreError:
            assert location.file.read_bytes() == before
        check_file(location.file)


@pytest.mark.parametrize("checksum", [b"", b"\xff\xfe", b"x" * 100_000])
def test_a_checksum_that_is_none_is_a_difference(checksum: bytes, good: bytes, copy: Path) -> None:
    copy.write_bytes(good)
    check_file(copy)
    copy.with_name("copy.db.sha256").write_bytes(checksum)
    with pytest.raises(StoreError, match="changed since it was written"):
        check_file(copy)
