"""Inline keyboards. https://core.telegram.org/bots/api#inlinekeyboardmarkup"""

from __future__ import annotations

from typing import Any

from bot.testing.telegram.chats import Json
from bot.testing.telegram.failures import bad_request
from bot.testing.telegram.parameters import Parameters

MOST_BUTTONS, LONGEST_ROW = 100, 8


def keyboard(given: Parameters) -> Json | None:
    """None where nothing was said of it; {} where it is to be taken away."""
    markup = given.structure("reply_markup")
    if markup is None:
        return None
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    if not isinstance(rows, list):
        raise bad_request("object expected as reply markup")
    buttons = [button for row in rows for button in row]
    if len(buttons) > MOST_BUTTONS or any(len(row) > LONGEST_ROW for row in rows):
        raise bad_request("reply markup is too long")
    for button in buttons:
        _check(button)
    return {"inline_keyboard": rows} if buttons else {}


def _check(button: Any) -> None:
    if not button.get("text"):
        raise bad_request("text buttons are unallowed in the inline keyboard")
    if not 1 <= len(button.get("callback_data", "").encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")
