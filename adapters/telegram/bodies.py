"""Parts of a post as Telegram wants them."""

from __future__ import annotations

from collections.abc import Iterator

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters

from bot.types import Button, Place, Post

WIDEST_ROW = 40
"""Characters of labels beside each other, so that none is cut on a phone."""


def thread_of(place: Place) -> int | None:
    return int(place.thread) if place.thread else None


def reply_to(post: Post) -> ReplyParameters | None:
    if not post.reply_to.isdigit():
        return None
    return ReplyParameters(int(post.reply_to), allow_sending_without_reply=True)


def keyboard(buttons: tuple[Button, ...]) -> InlineKeyboardMarkup | None:
    rows = [
        [InlineKeyboardButton(b.label, callback_data=b.id) for b in row] for row in _rows(buttons)
    ]
    return InlineKeyboardMarkup(rows) if rows else None


def _rows(buttons: tuple[Button, ...]) -> Iterator[list[Button]]:
    row: list[Button] = []
    for button in buttons:
        if row and sum(len(b.label) for b in (*row, button)) > WIDEST_ROW:
            yield row
            row = []
        row.append(button)
    if row:
        yield row
