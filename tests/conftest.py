"""What holds for every test."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

SLOW_MODULE = re.compile(r"^pytestmark = .*\bpytest\.mark\.slow\b", re.MULTILINE)

os.environ["LC_ALL"] = "C.UTF-8"  # whoever tests, the bot speaks English

# Results are judged, durations aren't: the machine may be busy.
settings.register_profile("chinwag", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=20)
settings.load_profile("chinwag")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Modules that are slow as a whole aren't even imported where no slow test is asked for: torch
    and transformers alone take many seconds in each worker."""
    if config.option.markexpr != "not slow" or collection_path.suffix != ".py":
        return None
    return True if SLOW_MODULE.search(collection_path.read_text()) else None


@pytest.fixture(autouse=True)
def umask_as_it_was() -> Iterator[None]:
    """The command line changes that of its process, which a test of it shares with all others."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)
