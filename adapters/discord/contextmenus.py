"""What a message's own menu offers: a question about it, and a summary of what followed it."""

from __future__ import annotations

import discord
from discord import Interaction, Message, Object
from discord.ui import Modal

from adapters.discord import reading, texts
from adapters.discord.failures import OUT_OF_REACH, said
from adapters.discord.forms import Filled, question_form
from adapters.discord.recent import Recent

MOST_SUMMARISED = 100
"""Messages."""
REMEMBERED = 1_000


class CantAskError(Exception):
    """Says why, to who wanted it."""


class ContextMenus:
    """`question` and `summary` are what the model is to be asked; both raise CantAskError."""

    def __init__(self) -> None:
        self._chosen: Recent[str, tuple[str, str]] = Recent(REMEMBERED)

    def is_question(self, interaction: Interaction) -> bool:
        return dict(interaction.data or {}).get("name") == texts.ASK

    def asked_about(self, interaction: Interaction) -> Modal:
        """The form for the question. The message is kept: to fetch it later might show nothing
        of it."""
        message = chosen(interaction)
        text = reading.text_of(message, interaction.client.user.id)  # type: ignore[union-attr]
        self._chosen[str(message.id)] = message.author.display_name, text
        return question_form(message.id)

    def question(self, form: Filled) -> str:
        about = self._chosen.get(form.field)
        if about is None:
            raise CantAskError(texts.NEWS_GONE)
        return texts.about(form.text, *about)

    async def summary(self, interaction: Interaction) -> str:
        message, channel = chosen(interaction), interaction.channel
        if not isinstance(channel, discord.abc.Messageable):
            raise CantAskError(texts.NOTHING_TO_READ)
        try:
            after = Object(message.id - 1)
            found = channel.history(limit=MOST_SUMMARISED, after=after, oldest_first=True)
            lines = [_line(m) async for m in found if m.type in reading.SPOKEN and m.content]
        except (discord.HTTPException, *OUT_OF_REACH) as error:
            raise CantAskError(f"{texts.NOTHING_TO_READ} ({said(error)})") from None
        if not lines:
            raise CantAskError(texts.NOTHING_TO_READ)
        return texts.summary(lines)


def chosen(interaction: Interaction) -> Message:
    """The message whose menu it was, as the interaction brings it along."""
    data = dict(interaction.data or {})
    resolved = data["resolved"]["messages"][data["target_id"]]  # type: ignore[index]
    return Message(state=interaction._state, channel=interaction.channel, data=resolved)  # type: ignore[arg-type]


def _line(message: Message) -> str:
    return f"{message.author.display_name}: {' '.join(message.clean_content.split())}"
