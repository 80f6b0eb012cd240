"""Modals. https://docs.discord.com/developers/interactions/receiving-and-responding"""

from __future__ import annotations

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


def inputs(modal: dict[str, Any]) -> list[dict[str, Any]]:
    """The text inputs, each with its label; older modals keep them in rows."""
    found = []
    for part in modal["components"]:
        if part["type"] == ROW:
            found += part["components"]
        elif part["type"] == LABEL:
            found.append({**part["component"], "label": part["label"]})
    return found


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
