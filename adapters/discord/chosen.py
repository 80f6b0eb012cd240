"""What somebody chose of a slash command: its name, the subcommand's, and the options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from discord import AppCommandOptionType

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Chosen:
    """`files` are Discord's data of what came along; `focused` is what is being typed just now."""

    name: str
    sub: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[Data] = ()
    focused: str = ""

    @property
    def words(self) -> list[str]:
        return [self.name, self.sub] if self.sub else [self.name]

    @classmethod
    def of(cls, data: Data) -> Chosen:
        options: Sequence[Data] = data.get("options", [])
        sub = next((o for o in options if o["type"] == AppCommandOptionType.subcommand.value), None)
        options = sub.get("options", []) if sub is not None else options
        given = [o for o in options if o["type"] != AppCommandOptionType.attachment.value]
        return cls(
            data["name"],
            sub["name"] if sub is not None else "",
            {option["name"]: _text(option["value"]) for option in given},
            list(data.get("resolved", {}).get("attachments", {}).values()),
            next((option["name"] for option in given if option.get("focused")), ""),
        )


def _text(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
