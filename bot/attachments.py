"""What came with a message, as text that the model can take."""

from __future__ import annotations

from dataclasses import replace

from bot import texts
from bot.types import Message


def opened(message: Message) -> Message:
    """The message with the texts of its files in it, each under its name."""
    files = [
        texts.file(attachment.name, attachment.text)
        for attachment in message.attachments
        if attachment.text is not None
    ]
    return replace(message, text="\n\n".join(filter(None, (message.text, *files))), attachments=())


def unreadable(message: Message) -> list[str]:
    """The names of what no text could be had of."""
    return [attachment.name for attachment in message.attachments if attachment.text is None]
