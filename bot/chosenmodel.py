"""The model that an owner chose from chat, over restarts.

It is a file in home and no row of the database: what can be run is up to the machine.
"""

from __future__ import annotations

import json
from pathlib import Path

FILE = "model.json"


class ChosenModel:
    """`configured` is the config's, which serves where none was chosen, and again once the config
    names another one than when the choice was made. All of it blocks."""

    def __init__(self, home: Path, configured: str):
        self._file = home / FILE
        self._configured = configured

    def name(self) -> str:
        """A file that can't be read, or says something else, says nothing."""
        try:
            kept = json.loads(self._file.read_text("utf-8"))
            holds = kept["instead of"] == self._configured
            return str(kept["model"]) if holds else self._configured
        except (OSError, ValueError, TypeError, KeyError):
            return self._configured

    def keep(self, name: str) -> None:
        """Raises OSError."""
        if name == self._configured:
            self._file.unlink(missing_ok=True)
            return
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps({"model": name, "instead of": self._configured}), "utf-8")
        part.replace(self._file)
