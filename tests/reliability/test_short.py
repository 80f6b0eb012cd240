"""The short run of the reliability figures: what must be nothing is nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bench.reliability import kills, malformed, soak

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


async def test_malformed_updates_and_events_cost_nothing_else() -> None:
    with capture_logs():
        rows = await malformed.measure(100)
    assert [row["crashes"] for row in rows] == [0, 0]
    assert [row["good ones lost"] for row in rows] == [0, 0]


async def test_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    row = await kills.measure(tmp_path, 2)
    assert (row["lost"], row["twice"], row["exit code"]) == (0, 0, 0)


async def test_faults_everywhere_at_once_lose_nothing(tmp_path: Path) -> None:
    row = await soak.measure(tmp_path, 10)
    assert (row["lost"], row["exit code"]) == (0, 0)
    assert int(str(row["faults"])) > 0
