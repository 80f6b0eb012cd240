"""What is written, and where: the file, with the environment laid over it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.config import yaml
from bot.config.errors import InvalidConfig, dotted
from bot.errors import ConfigError
from bot.section import Location

VARIABLE = "CHINWAG_CONFIG"
PREFIX = "CHINWAG__"
HOME = "~/.local/share/chinwag"
LARGEST = 1_000_000
"""Bytes of a config file."""


@dataclass(frozen=True, slots=True)
class Place:
    """A file and line, or (without a line) an environment variable."""

    name: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.name}:{self.line}" if self.line else self.name


@dataclass(frozen=True, slots=True)
class Source:
    file: Path | None = None
    data: dict[str, Any] = field(default_factory=dict)
    places: Mapping[Location, Place] = field(default_factory=dict)

    def place(self, location: Location) -> Place:
        """Of the key itself, or else of what is written within it, or around it."""
        if location in self.places:
            return self.places[location]
        within = (
            p for at, p in self.places.items() if location and at[: len(location)] == location
        )
        return next(within, None) or self._around(location)

    def _around(self, location: Location) -> Place:
        if location:
            return self.places.get(location) or self._around(location[:-1])
        return Place(str(self.file) if self.file else "")

    def error(self, problems: Iterable[tuple[Location, str]]) -> ConfigError:
        return InvalidConfig.of(
            ConfigError(problem, file=place.name, line=place.line, key=dotted(location))
            for location, problem in problems
            for place in [self.place(location)]
        )

    @property
    def world_readable(self) -> bool:
        return self.file is not None and bool(self.file.stat().st_mode & stat.S_IROTH)


def find(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The file that is named, or else the first that is there of ./config.yaml and home's."""
    if path is not None:
        return path
    if named := environ.get(VARIABLE):
        return Path(named)
    candidates = [Path("config.yaml")]
    with suppress(ValueError):
        candidates.append(absolute(Path(environ.get(f"{PREFIX}HOME") or HOME)) / "config.yaml")
    return next((candidate for candidate in candidates if _is_there(candidate)), None)


def absolute(path: Path) -> Path:
    """Raises ValueError where there is no such path."""
    try:
        return path.expanduser().absolute()
    except (RuntimeError, FileNotFoundError):
        raise ValueError("expected an absolute path: there is no folder to start from") from None


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except (OSError, ValueError):
        return False
    return True


def read(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Source:
    """Raises ConfigError."""
    file = find(path, environ)
    source = Source() if file is None else _read_file(file)
    return _with_environment(source, environ)


def _read_file(file: Path) -> Source:
    try:
        document = yaml.parse(_text(file))
    except yaml.Faulty as faulty:
        raise InvalidConfig.of(
            ConfigError(fault.problem, file=str(file), line=fault.line, key=dotted(fault.path))
            for fault in faulty.faults
        ) from None
    data = {} if document.data is None else document.data
    if not isinstance(data, dict):
        raise ConfigError("expected keys with values, as in `home: …`", file=str(file), line=1)
    places = {path: Place(str(file), line) for path, line in document.lines.items() if path}
    return Source(file, data, places)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", error)
        raise ConfigError(f"can't be read: {reason}", file=str(file)) from None
    if len(content) > LARGEST:
        raise ConfigError(f"is larger than {LARGEST} bytes: not a config", file=str(file))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError("is not UTF-8 text", file=str(file), line=line) from None


def _with_environment(source: Source, environ: Mapping[str, str]) -> Source:
    """`CHINWAG__ENGINE__MODEL=…` sets engine.model, whatever the file says."""
    places = dict(source.places)
    faults = []
    for name in sorted(environ):
        if not name.startswith(PREFIX):
            continue
        location: Location = tuple(name.removeprefix(PREFIX).lower().split("__"))
        places = {k: v for k, v in places.items() if k[: len(location)] != location}
        places[location] = Place(name)
        try:
            _put(source.data, location, yaml.scalar(environ[name]))
        except yaml.Faulty as faulty:
            faults += [ConfigError(fault.problem, file=name) for fault in faulty.faults]
        except TypeError as error:
            faults.append(ConfigError(str(error), file=name))
    if faults:
        raise InvalidConfig.of(faults)
    return Source(source.file, source.data, places)


def _put(data: dict[str, Any], location: Location, value: Any) -> None:
    """Raises TypeError where something on the way is no section."""
    *sections, key = location
    for depth, section in enumerate(sections, 1):
        if data.get(str(section)) is None:
            data[str(section)] = {}
        data = data[str(section)]
        if not isinstance(data, dict):
            raise TypeError(f"{dotted(location[:depth])} is a value in the file, not a section")
    data[str(key)] = value
