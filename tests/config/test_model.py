"""The model of the whole config: its defaults, its ranges, and that nothing else gets through."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config import Config, Source, check, load
from bot.config.model import Sampling
from bot.effective import KINDS
from bot.errors import ConfigError
from bot.kinds import Number
from bot.types import SamplingParams

NUMBERS = [
    n for n, kind in KINDS.items() if isinstance(kind, Number) and n in Sampling.model_fields
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)
SECTIONS = st.dictionaries(
    st.sampled_from([*Config.model_fields]) | st.text(max_size=8),
    VALUES
    | st.dictionaries(
        st.sampled_from(["kind", "url", "script", "console", "owner", "messages", "level"]), VALUES
    ),
)


def test_sampling_has_the_defaults_of_the_parameters_themselves() -> None:
    own = Sampling().model_dump()
    assert own == {name: getattr(SamplingParams(), name) for name in own}


@pytest.mark.parametrize("name", NUMBERS)
def test_the_ranges_of_the_config_are_those_of_the_chat_commands(name: str) -> None:
    kind = KINDS[name]
    assert isinstance(kind, Number)
    convert = int if kind.whole else float
    for value in (kind.minimum, kind.maximum):
        assert Sampling.model_validate({name: convert(value)})
    for value in (kind.minimum - 1, kind.maximum + 1):
        with pytest.raises(ValueError, match=r"should be (greater|less)"):
            Sampling.model_validate({name: convert(value)})


def refusal(attempt: Callable[[], Config]) -> ConfigError | None:
    """Anything else that is raised fails the test."""
    try:
        attempt()
    except ConfigError as error:
        return error
    return None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary())
def test_no_bytes_break_the_reader(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(content)
    refused = refusal(lambda: load(file, {}))
    assert refused is None or str(refused).startswith(str(file))


@settings(deadline=None, max_examples=50)
@given(data=SECTIONS)
def test_no_values_break_the_model(data: dict[str, Any]) -> None:
    refused = refusal(lambda: check(Source(data=data)))
    assert refused is None or refused.key or refused.problem
