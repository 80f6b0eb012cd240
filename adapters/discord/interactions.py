"""Commands, buttons, forms and completion: acknowledged at once, however busy the model is.

Discord waits three seconds for the first answer, and fifteen minutes for what follows it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from discord import AppCommandType, Attachment, Interaction, InteractionType

from adapters.discord import forms, reading
from adapters.discord.acknowledging import acknowledged
from adapters.discord.attachments import Attachments
from adapters.discord.chosen import Chosen
from adapters.discord.contextmenus import CantAskError, ContextMenus
from adapters.discord.conversations import Conversations
from adapters.discord.forms import ASK_ABOUT
from adapters.discord.menu import Menu
from adapters.discord.patience import patiently
from adapters.discord.payloads import ASK
from adapters.discord.pending import Pending, id_of
from bot.adapter import Inbox
from bot.types import CommandSpec, Event, Invoked, Place, PostRef, Pressed, Role, UserRef


class Interactions:
    def __init__(
        self,
        inbox: Inbox,
        menu: Menu,
        pending: Pending,
        conversations: Conversations,
        attachments: Attachments,
    ):
        self._inbox, self._menu, self._pending = inbox, menu, pending
        self._conversations, self._attachments = conversations, attachments
        self._context_menus = ContextMenus()

    async def heard(self, interaction: Interaction) -> None:
        if interaction.user.bot or interaction.channel is None:
            return
        match interaction.type:
            case InteractionType.application_command:
                await self._command(interaction)
            case InteractionType.autocomplete:
                await self._complete(interaction)
            case InteractionType.component:
                await self._pressed(interaction)
            case InteractionType.modal_submit:
                await self._filled(interaction)

    # --- commands ------------------------------------------------------------------------------

    async def _command(self, interaction: Interaction) -> None:
        data = _data(interaction)
        if data.get("type") == AppCommandType.message.value:
            await self._on_message(interaction)
            return
        chosen = Chosen.of(data)
        spec = self._menu.find(chosen.name, chosen.sub)
        form = None
        if spec is not None and not chosen.files:
            form = forms.form_for(spec, chosen.words, chosen.values)
        if form is not None:
            await acknowledged(lambda: interaction.response.send_modal(form))
            return
        await self._invoke(interaction, chosen)

    async def _on_message(self, interaction: Interaction) -> None:
        """An entry of a message's own menu."""
        if self._context_menus.is_question(interaction):
            form = self._context_menus.asked_about(interaction)
            await acknowledged(lambda: interaction.response.send_modal(form))
            return
        place = await self._acknowledge(interaction, self._menu.find(ASK))
        try:
            await self._ask(interaction, place, await self._context_menus.summary(interaction))
        except CantAskError as error:
            await interaction.edit_original_response(content=str(error))

    async def _filled(self, interaction: Interaction) -> None:
        form = forms.filled(interaction)
        if form is None:
            return
        if form.command != ASK_ABOUT:
            name, _, sub = form.command.partition(" ")
            values = {**form.given, form.field: form.text}
            await self._invoke(interaction, Chosen(name, sub, values))
            return
        place = await self._acknowledge(interaction, self._menu.find(ASK))
        try:
            await self._ask(interaction, place, self._context_menus.question(form))
        except CantAskError as error:
            await interaction.edit_original_response(content=str(error))

    async def _invoke(self, interaction: Interaction, chosen: Chosen) -> None:
        place = await self._acknowledge(interaction, self._menu.find(chosen.name, chosen.sub))
        files = [Attachment(state=interaction._state, data=file) for file in chosen.files]  # type: ignore[arg-type]
        await self._put(
            Invoked(
                place,
                asker(interaction),
                chosen.name,
                chosen.sub,
                id_of(interaction),
                chosen.values,
                await self._attachments.read(files),
            )
        )

    async def _ask(self, interaction: Interaction, place: Place, question: str) -> None:
        await self._put(Invoked(place, asker(interaction), ASK, question, id_of(interaction)))

    async def _acknowledge(self, interaction: Interaction, spec: CommandSpec | None) -> Place:
        """Shows that an answer is coming: to the caller alone where it is nobody else's business.
        Returns where the answer goes."""
        place = _place(interaction)
        if spec is not None and spec.asks:
            place = self._conversations.asked_by(interaction, place)
        ephemeral = is_private(spec)
        if await acknowledged(
            lambda: interaction.response.defer(ephemeral=ephemeral, thinking=True)
        ):
            user = asker(interaction)
            self._pending.add(interaction, place, user, waits=True, ephemeral=ephemeral)
        return place

    # --- buttons and completion ------------------------------------------------------------------

    async def _pressed(self, interaction: Interaction) -> None:
        message, user = interaction.message, asker(interaction)
        if message is None:
            return
        place = self._conversations.known(message.id, _place(interaction))
        if await acknowledged(interaction.response.defer):
            self._pending.add(interaction, place, user, waits=False)
        button = str(_data(interaction).get("custom_id", ""))
        ref = PostRef(place, str(message.id))
        await self._put(Pressed(place, user, button, ref, id=str(interaction.id)))

    async def _complete(self, interaction: Interaction) -> None:
        chosen = Chosen.of(_data(interaction))
        spec = self._menu.find(chosen.name, chosen.sub)
        parameters = spec.parameters if spec is not None else ()
        parameter = next((p for p in parameters if p.name == chosen.focused), None)
        if parameter is not None:
            typed = chosen.values.get(parameter.name, "")
            choices = await self._menu.complete(parameter, _place(interaction), typed)
            await acknowledged(lambda: interaction.response.autocomplete(choices))

    async def _put(self, event: Event) -> None:
        await patiently(lambda: self._inbox.put(event))


def is_private(spec: CommandSpec | None) -> bool:
    """What only administrators may do is theirs to see, too."""
    return spec is None or spec.private or (spec.role >= Role.ADMIN and not spec.asks)


def _data(interaction: Interaction) -> dict[str, Any]:
    return dict(interaction.data or {})


def asker(interaction: Interaction) -> UserRef:
    return replace(reading.person(interaction.user), language=interaction.locale.value)


def _place(interaction: Interaction) -> Place:
    channel = interaction.channel
    assert channel is not None  # noqa: S101 – looked at where it was heard
    return reading.place_of(channel, interaction.guild_id)
