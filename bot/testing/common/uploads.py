"""A file as a bot uploads it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    data: bytes
    media_type: str
