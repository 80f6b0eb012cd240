from __future__ import annotations

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Each thing that is not understood is a line in the log, and here they are hundreds."""
    with capture_logs():
        yield
