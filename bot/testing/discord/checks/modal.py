"""Modals. https://docs.discord.com/developers/interactions/receiving-and-responding"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.testing.discord.checks.components import ROW, TEXT_DISPLAY, TEXT_INPUT
from bot.testing.discord.checks.form import Form

LABEL = 18
LONGEST_INPUT = 4000


def check_modal(modal: Form) -> None:
    if not modal.object():
        return
    modal["title"].text(1, 45)
    modal["custom_id"].text(1, 100)
    for part in modal["components"].items(5, least=1):
        if part.object() and part["type"].one_of({ROW, TEXT_DISPLAY, LABEL}):
            _PARTS[part.value["type"]](part)


def filled(modal: dict[str, Any], values: Sequence[str]) -> list[dict[str, Any]]:
    """What is sent of it when its text inputs hold these values, in the modal's own shape. Raises
    ValueError for what the fields don't take."""
    parts = [part for part in modal["components"] if part["type"] in (ROW, LABEL)]
    return [_filled(part, value) for part, value in zip(parts, values, strict=True)]


def _filled(part: dict[str, Any], value: str) -> dict[str, Any]:
    field = part["component"] if part["type"] == LABEL else part["components"][0]
    least, most = field.get("min_length") or 0, field.get("max_length") or LONGEST_INPUT
    if not least <= len(value) <= most or (field.get("required", True) and not value):
        raise ValueError(f"{field['custom_id']!r} takes {least} to {most} characters")
    sent = {"type": TEXT_INPUT, "custom_id": field["custom_id"], "value": value}
    if part["type"] == LABEL:
        return {"type": LABEL, "component": sent}
    return {"type": ROW, "components": [sent]}


def _check_row(row: Form) -> None:
    for field in row["components"].items(1, least=1):
        if field.object() and field["type"].one_of({TEXT_INPUT}):
            field["label"].text(1, 45)
            _check_input(field)


def _check_label(label: Form) -> None:
    label["label"].text(1, 45)
    label["description"].text(0, 100, optional=True)
    component = label["component"]
    if component.object() and component["type"].value == TEXT_INPUT:
        _check_input(component)


def _check_input(field: Form) -> None:
    field["custom_id"].text(1, 100)
    field["style"].one_of({1, 2})
    field["min_length"].number(0, LONGEST_INPUT)
    field["max_length"].number(1, LONGEST_INPUT)
    field["placeholder"].text(0, 100, optional=True)
    field["value"].text(0, LONGEST_INPUT, optional=True)


def _check_text(text: Form) -> None:
    text["content"].text(1, LONGEST_INPUT)


_PARTS = {ROW: _check_row, LABEL: _check_label, TEXT_DISPLAY: _check_text}
