"""Forms for texts that are too long for a command's line. All that a form must know when it comes
back stands in its id, so that it outlives a restart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import TextStyle
from discord.ui import Modal, TextInput

from adapters.discord import texts
from bot.types import CommandSpec

LONGEST_FIELD, LONGEST_TITLE, LONGEST_ID = 4000, 45, 100
TEXT = "text"
ASK_ABOUT = "about"


@dataclass(frozen=True, slots=True)
class Filled:
    """`command` (and its subcommand, after a space) with the arguments `given` before, and the
    text of the form for `field`."""

    command: str
    given: Mapping[str, str]
    field: str
    text: str


def form_for(spec: CommandSpec, command: Sequence[str], given: Mapping[str, str]) -> Modal | None:
    """For the long text that is missing, if one is; `command` is its name and the subcommand's."""
    missing = (p for p in spec.parameters if p.long and p.required and p.name not in given)
    field = next(missing, None)
    if field is None:
        return None
    own_id = _id(" ".join(command), given, field.name)
    title = " ".join([f"/{' '.join(command)}", *given.values()])
    return _form(title, own_id, field.help or field.name) if len(own_id) <= LONGEST_ID else None


def question_form(message: int) -> Modal:
    """What to ask about a message."""
    return _form(texts.ASK_TITLE, _id(ASK_ABOUT, {}, str(message)), texts.QUESTION)


def filled(interaction: discord.Interaction) -> Filled | None:
    """None for a form that is not ours."""
    data: Mapping[str, Any] = interaction.data or {}
    try:
        command, given, field = json.loads(data.get("custom_id", ""))
    except ValueError:
        return None
    text = next(_texts(data.get("components", [])), "")
    return Filled(command, given, field, text)


def _form(title: str, id: str, label: str) -> Modal:
    form = Modal(title=title[:LONGEST_TITLE], custom_id=id, timeout=None)
    form.add_item(
        TextInput(
            label=label[:LONGEST_TITLE],
            custom_id=TEXT,
            style=TextStyle.paragraph,
            max_length=LONGEST_FIELD,
        )
    )
    form.stop()
    return form


def _id(command: str, given: Mapping[str, str], field: str) -> str:
    return json.dumps([command, given, field], separators=(",", ":"))


def _texts(components: list[Mapping[str, Any]]) -> Iterator[str]:
    """Fields stand in rows or under labels."""
    for component in components:
        if component.get("custom_id") == TEXT:
            yield component.get("value", "")
        inner = [*component.get("components", []), component.get("component")]
        yield from _texts([part for part in inner if part])
