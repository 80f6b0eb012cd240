"""What the doctor finds out about this machine's ability to run the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.local.config import LocalConfig
from bot.engine.local.probe import probe
from bot.engine.local.progress import silent
from bot.types import Finding

pytestmark = pytest.mark.slow


def probed(home: Path, **keys: object) -> dict[str, Finding]:
    config = LocalConfig.model_validate(keys)
    return {finding.what: finding for finding in probe(config, home, silent)}


def test_bitsandbytes_really_multiplies_and_the_plan_is_shown(tmp_path: Path) -> None:
    found = probed(tmp_path)
    assert found["bitsandbytes"].ok
    assert "off by" in found["bitsandbytes"].found
    assert "KV cache" in found["model"].details
    assert found["model"].ok
    assert "not here yet" not in found["weights"].found


def test_a_model_that_is_nowhere_is_a_finding(tmp_path: Path) -> None:
    found = probed(tmp_path, model="/no/such/folder")
    assert not found["model"].ok
    assert found["bitsandbytes"].ok


def test_a_device_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is one")
    found = probed(tmp_path, device="cuda")
    assert not found["gpu"].ok
    assert not found["bitsandbytes"].ok
