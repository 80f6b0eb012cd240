"""All waiting here is virtual: an hour of flood limits takes no time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from bot.testing import VirtualLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], VirtualLoop]]:
    return {"virtual": VirtualLoop}
