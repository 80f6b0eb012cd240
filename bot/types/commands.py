"""Commands, as the networks show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.types.places import Role


@dataclass(frozen=True, slots=True)
class Parameter:
    """`choices` are all that it can be; `suggestions` names a source of likely values, for
    `bot.adapter.Suggest`. A `long` text may be written in a form, where the network has forms, or
    come as a file with the command. `translations` are the help in other languages, by ISO 639-1
    code."""

    name: str
    help: str
    type: Literal["text", "integer", "number", "flag"] = "text"
    required: bool = True
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    long: bool = False
    suggestions: str = ""
    translations: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """`role` is the least that may use it; a `private` answer is for the caller alone; where it
    `asks`, a new reply of the model follows, and not one that is written over; `translations` are
    the help in other languages, by ISO 639-1 code, and `names` the name.

    A command with `subcommands` does nothing of its own. Where none of them is named the `default`
    one is meant, if there is one.
    """

    name: str
    help: str
    parameters: tuple[Parameter, ...] = ()
    role: Role = Role.USER
    private: bool = False
    asks: bool = False
    translations: Mapping[str, str] = field(default_factory=dict, compare=False)
    names: Mapping[str, str] = field(default_factory=dict, compare=False)
    subcommands: tuple[CommandSpec, ...] = ()
    default: str = ""
