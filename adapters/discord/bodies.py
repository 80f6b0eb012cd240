"""A post as discord.py wants it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import discord
from discord.ui import View

from adapters.discord.failures import LONGEST_TEXT
from adapters.discord.rendering import render
from bot.errors import TooLong
from bot.types import Button, File, Post

LONGEST_LABEL = 80


def content_of(post: Post, *, thoughts: bool = True) -> str:
    """Raises TooLong: to ask Discord would cost a request. It counts what it trims, too."""
    text = render(post.text, post.collapsible if thoughts else "")
    if len(text) > LONGEST_TEXT:
        raise TooLong(LONGEST_TEXT)
    return text


def view_of(buttons: Sequence[Button]) -> View | None:
    """Stopped at once: presses come as events, after a restart too, and nothing has to be kept."""
    if not buttons:
        return None
    view = View(timeout=None)
    for button in buttons:
        label = button.label[:LONGEST_LABEL]
        view.add_item(discord.ui.Button(label=label, custom_id=button.id))
    view.stop()
    return view


def files_of(files: Sequence[File]) -> list[discord.File]:
    return [discord.File(io.BytesIO(file.data), file.name) for file in files]


def given(**parts: object) -> dict[str, Any]:
    """Arguments for the library, whose types know no None."""
    return {name: part for name, part in parts.items() if part is not None}
