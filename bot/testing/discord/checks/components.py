"""Buttons, selects and layouts. https://docs.discord.com/developers/components/reference"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from bot.testing.discord.checks.form import Form

ROW, BUTTON, STRING_SELECT, TEXT_INPUT, SECTION, TEXT_DISPLAY = 1, 2, 3, 4, 9, 10
THUMBNAIL, MEDIA_GALLERY, FILE, SEPARATOR, CONTAINER = 11, 12, 13, 14, 17
SELECTS = frozenset({STRING_SELECT, 5, 6, 7, 8})
LAYOUTS = frozenset(
    {ROW, SECTION, TEXT_DISPLAY, MEDIA_GALLERY, FILE, SEPARATOR, CONTAINER},
)
LINK, PREMIUM = 5, 6
MOST_ROWS, MOST_IN_ROW = 5, 5
MOST_V2, LONGEST_V2 = 40, 4000


def check_components(components: Form, *, v2: bool) -> None:
    """`v2`: whether the message has the flag IS_COMPONENTS_V2."""
    rows = components.items(MOST_V2 if v2 else MOST_ROWS)
    for row in rows:
        _check_top(row, v2=v2)
    nested = [inner for row in rows for inner in _walked(row)]
    _check_ids(nested)
    if v2:
        _check_whole(components, nested)


def _check_top(row: Form, *, v2: bool) -> None:
    if row.object() and row["type"].one_of(LAYOUTS if v2 else {ROW}):
        _CHECKS[row.value["type"]](row)


def _check_whole(components: Form, nested: list[Form]) -> None:
    if len(nested) > MOST_V2:
        components.wrong(
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
            f"The total number of components exceeds {MOST_V2}",
        )
    shown = (c.value.get("content") for c in nested if c.value.get("type") == TEXT_DISPLAY)
    if sum(len(text) for text in shown if isinstance(text, str)) > LONGEST_V2:
        components.wrong(
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            f"The total length of displayable text exceeds {LONGEST_V2}",
        )


def _walked(component: Form) -> Iterator[Form]:
    if not isinstance(component.value, dict):
        return
    yield component
    if isinstance(component.value.get("components"), list):
        for inner in component["components"].items(MOST_V2):
            yield from _walked(inner)
    if "accessory" in component:
        yield from _walked(component["accessory"])


def _check_ids(nested: list[Form]) -> None:
    named = [c for c in nested if isinstance(c.value.get("custom_id"), str)]
    counts = Counter(c.value["custom_id"] for c in named)
    for component in named:
        if counts[component.value["custom_id"]] > 1:
            component["custom_id"].wrong(
                "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
            )


def _check_row(row: Form) -> None:
    children = row["components"].items(MOST_IN_ROW, least=1)
    for child in children:
        if not child.object() or not child["type"].one_of({BUTTON} | SELECTS):
            continue
        if child.value["type"] == BUTTON:
            _check_button(child)
        else:
            _check_select(child)
            if len(children) > 1:
                row["components"].wrong(
                    "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
                    "The specified component exceeds the maximum width",
                )


def _check_button(button: Form) -> None:
    button["style"].one_of({1, 2, 3, 4, LINK, PREMIUM})
    button["label"].text(0, 80, optional=True)
    if not button["label"].value and "emoji" not in button:
        button["label"].wrong("BUTTON_COMPONENT_LABEL_REQUIRED", "A label or emoji is required")
    if button["style"].value == LINK:
        button["url"].text(1, 512)
        if "custom_id" in button:
            button.wrong(
                "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                "A custom id and url cannot both be specified",
            )
    else:
        button["custom_id"].text(1, 100)


def _check_select(select: Form) -> None:
    select["custom_id"].text(1, 100)
    select["placeholder"].text(0, 150, optional=True)
    select["min_values"].number(0, 25)
    select["max_values"].number(1, 25)
    if select.value["type"] != STRING_SELECT:
        return
    for option in select["options"].items(25, least=1):
        option["label"].text(1, 100)
        option["value"].text(1, 100)
        option["description"].text(0, 100, optional=True)


def _check_section(section: Form) -> None:
    for text in section["components"].items(3, least=1):
        if text.object() and text["type"].one_of({TEXT_DISPLAY}):
            _check_text(text)
    accessory = section["accessory"]
    known = accessory.object() and accessory["type"].one_of({BUTTON, THUMBNAIL})
    if known and accessory.value["type"] == BUTTON:
        _check_button(accessory)


def _check_text(text: Form) -> None:
    text["content"].text(1, LONGEST_V2)


def _check_container(container: Form) -> None:
    for inner in container["components"].items(MOST_V2, least=1):
        if inner.object() and inner["type"].one_of(LAYOUTS - {CONTAINER}):
            _CHECKS[inner.value["type"]](inner)


def _check_nothing(component: Form) -> None:
    """Media and lines: nothing in them that a bot of text gets wrong."""


_CHECKS = {
    ROW: _check_row,
    SECTION: _check_section,
    TEXT_DISPLAY: _check_text,
    CONTAINER: _check_container,
    MEDIA_GALLERY: _check_nothing,
    FILE: _check_nothing,
    SEPARATOR: _check_nothing,
}
