"""Every fault of a config at once, one a line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from bot.errors import ConfigError
from bot.section import Location


class InvalidConfig(ConfigError):
    """`faults` in the order of the file; the first one's place is this error's own."""

    def __init__(self, *faults: ConfigError):
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults
        self.file, self.line, self.key = faults[0].file, faults[0].line, faults[0].key

    @classmethod
    def of(cls, faults: Iterable[ConfigError]) -> Self:
        return cls(*sorted(faults, key=lambda fault: (fault.line or 0, fault.file)))


def dotted(location: Location) -> str:
    """`access.owner[0]`, as people write it."""
    path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in location)
    return path.removeprefix(".")
