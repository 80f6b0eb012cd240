"""The progress of a download from the hub, told to a Progress instead of drawn on a terminal."""

from __future__ import annotations

import io
from typing import Any

from bot.engine.local.progress import Progress


def reporting_to(progress: Progress, what: str) -> type[Any]:
    """A tqdm class for ``snapshot_download``: it keeps one bar that counts the bytes on the disk,
    one that counts those from the network, and one that counts files; the first two are told."""
    from tqdm.std import tqdm  # type: ignore[import-untyped]  # it ships no types

    class Report(tqdm):  # type: ignore[misc]  # ditto
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **{**options, "file": io.StringIO()})

        def update(self, n: float | None = 1) -> None:
            super().update(n)
            if self.unit == "B" and self.total:
                progress(what, min(self.n / self.total, 1.0))

    return Report
