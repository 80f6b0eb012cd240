"""Secrets: where one comes from, and how it stays out of every text.

A secret that was once read is known to `redact` for as long as the process lives.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from bot.errors import ConfigError

Origin = Literal["value", "env", "file", "credential"]

MASK = "********"
SHORTEST = 4
"""Characters; to mask a shorter "secret" wherever it appears would garble every text."""
LARGEST = 65_536
"""Bytes of a file that holds one secret."""

_NAMES: dict[Origin, tuple[str, re.Pattern[str]]] = {
    "env": ("the name of an environment variable", re.compile(r"[A-Za-z_][A-Za-z0-9_]*")),
    "file": ("the path of a file", re.compile(r"[^\0\n]+")),
    "credential": ("the name of a systemd credential", re.compile(r"[A-Za-z0-9_.-]+")),
    "value": ("the secret itself, as text", re.compile(r"\S(.*\S)?")),
}

_SHAPES = re.compile(
    r"(?P<telegram>\d{4,}(?::|%3A)[\w-]{30,})"
    r"|(?P<discord>(?<![\w-])[\w-]{23,30}\.[\w-]{6,7}\.[\w-]{27,})"
    r"|(?<=bearer )[\w.~+/=-]{8,}"
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)",
    re.IGNORECASE,
)
"""Telegram's `123456:ABC…` (also in URLs), Discord's three parts, a bearer's token, and the
`user:password` of a URL."""

_known: set[str] = set()


def remember(value: str) -> None:
    """From now on `redact` masks it, also as it looks in a URL, in Python's repr and in JSON."""
    if len(value) >= SHORTEST:
        forms = {value, quote(value, safe=""), repr(value)[1:-1]}
        _known.update(forms, {json.dumps(form)[1:-1] for form in forms})


def redact(text: str) -> str:
    """The text with every known secret, and all that has the shape of a token, masked."""
    for value in sorted(_known, key=len, reverse=True):
        text = text.replace(value, MASK)
    return _SHAPES.sub(MASK, text)


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """Not the secret but the way to it, unless it stands in the config itself (`value`).

    Read as late as possible, by `reveal`; no repr, str or dump ever holds the value.
    """

    origin: Origin
    text: str

    def __post_init__(self) -> None:
        if self.origin == "value":
            remember(self.text)

    def __str__(self) -> str:
        return MASK if self.origin == "value" else self.text

    def __repr__(self) -> str:
        return f"Secret({self.origin}: {self})"

    def reveal(self) -> str:
        """Raises ConfigError naming the variable or file that should hold it."""
        value = _READERS[self.origin](self.text).strip()
        if not value:
            raise ConfigError(f"the secret in {self._place} is empty")
        remember(value)
        return value

    @property
    def _place(self) -> str:
        return f"the {'variable' if self.origin == 'env' else self.origin} {self}"

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _validated, serialization=core_schema.to_string_ser_schema(when_used="always")
        )


@dataclass(frozen=True, slots=True)
class Given:
    """What stands in a config under a secret's key or one of its variants, not yet checked."""

    origin: Origin
    content: Any


def _validated(given: Any) -> Secret:
    if isinstance(given, Secret):
        return given
    if not isinstance(given, Given):
        given = Given("value", given)
    expected, shape = _NAMES[given.origin]
    if not isinstance(given.content, str) or not shape.fullmatch(given.content):
        raise PydanticCustomError("secret", "expected {expected}", {"expected": expected})
    return Secret(given.origin, given.content)


def _from_environment(name: str) -> str:
    if name not in os.environ:
        if (file := _handed_over(name)) is not None:
            return _from_file(str(file))
        raise ConfigError(
            f"the environment variable {name}, which holds a secret, is not set: export it first"
        )
    return os.environ[name]


def _from_file(path: str) -> str:
    try:
        with (_handed_over(Path(path).name) or Path(path).expanduser()).open("rb") as file:
            return file.read(LARGEST).decode()
    except UnicodeDecodeError:
        raise ConfigError("this secret is not UTF-8 text", file=path) from None
    except (OSError, RuntimeError) as error:  # the latter for a `~` that is nowhere
        reason = getattr(error, "strerror", error)
        raise ConfigError(f"can't read this secret: {reason}", file=path) from None


def _handed_over(name: str) -> Path | None:
    """The same config serves a shell and a service: what a unit loads as a credential by the name
    of a variable, or of a file that the service's user can't read, is found all the same."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    file = Path(folder, name) if folder else None
    return file if file is not None and file.is_file() else None


def _from_credential(name: str) -> str:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder is None:
        raise ConfigError(
            f"the credential {name} needs a systemd unit with LoadCredential={name}:/its/file"
        )
    return _from_file(str(Path(folder, name)))


_READERS: Mapping[Origin, Callable[[str], str]] = {
    "value": str,
    "env": _from_environment,
    "file": _from_file,
    "credential": _from_credential,
}
