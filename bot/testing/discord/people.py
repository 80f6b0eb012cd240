"""What people do in their apps; the bot hears of it as Discord lets it."""

from __future__ import annotations

import mimetypes
import secrets
from dataclasses import dataclass, field
from typing import Any

from bot.testing.discord.accounts import Account, Json
from bot.testing.discord.channels import Channel, Kind
from bot.testing.discord.checks.commands import MESSAGE, USER
from bot.testing.discord.checks.modal import filled
from bot.testing.discord.interactions import Interaction, InteractionKind
from bot.testing.discord.mentions import Allowed
from bot.testing.discord.messages import DEFAULT, REPLY, Attachment, Message
from bot.testing.discord.permissions import Permission
from bot.testing.discord.threads import open_post, open_thread
from bot.testing.discord.usage import chosen, usable
from bot.testing.discord.visibility import permissions, sees
from bot.testing.discord.world import World


@dataclass(eq=False, slots=True, kw_only=True)
class Person(Account):
    """Raises PermissionError for what Discord's own client would not let this person do."""

    world: World = field(repr=False)

    @property
    def private(self) -> Channel:
        """This person's direct messages with the bot."""
        return self.world.direct(self)

    # --- messages --------------------------------------------------------------------------------

    def says(
        self,
        text: str,
        channel: Channel | None = None,
        *,
        reply_to: Message | None = None,
        files: dict[str, bytes] | None = None,
        pings: bool = True,
        age: float = 0.0,
    ) -> Message:
        """`age` is how many seconds ago it was sent; a reply that `pings` not is no mention."""
        channel = channel or self.private
        self._may_write(channel)
        attachments = [self._attached(channel, *file) for file in (files or {}).items()]
        allow = Allowed(replied=pings)
        message = self.world.post(
            channel,
            self,
            text,
            allow=allow,
            age=age,
            reference=reply_to,
            kind=REPLY if reply_to else DEFAULT,
            attachments=attachments,
        )
        self.world.tell_message("MESSAGE_CREATE", message)
        return message

    def edits(self, message: Message, text: str) -> None:
        """The same text again is what a link preview looks like to a bot."""
        if text != message.content:
            message.versions.append(message.content)
            message.edited = self.world.clock.unix()
        message.content = text.strip()
        self.world.ping(message, Allowed())
        self.world.tell_message("MESSAGE_UPDATE", message)

    def deletes(self, *messages: Message) -> None:
        """More than one at once is what moderators' bots do."""
        self.world.tell_deleted(messages[0].channel, *messages)

    def starts_thread(self, name: str, where: Channel | Message) -> Channel:
        """In a channel, or on a message."""
        on = where if isinstance(where, Message) else None
        parent = where.channel if isinstance(where, Message) else where
        return open_thread(self.world, parent, name, self, on=on)

    def posts(self, title: str, text: str, forum: Channel) -> Message:
        """Returns the post's first message; its channel is the thread."""
        thread = open_post(self.world, forum, title, self)
        message = self.world.post(thread, self, text, id=thread.id)
        self.world.tell_message("MESSAGE_CREATE", message)
        return message

    # --- interactions ----------------------------------------------------------------------------

    def uses(self, command: str, channel: Channel | None = None, **options: Any) -> Interaction:
        """Such as ``uses("/settings set", key="…")``. Raises LookupError where the bot has
        registered no such command, ValueError for options that it doesn't take."""
        channel = channel or self.private
        found, path = self._command(command, channel)
        data = self._used(found) | {"options": chosen(found, path, options)}
        return self._interacts(InteractionKind.COMMAND, channel, data)

    def completes(
        self, command: str, option: str, typed: str, channel: Channel | None = None, **before: Any
    ) -> Interaction:
        """Types into an option: the answer is in `choices`."""
        channel = channel or self.private
        found, path = self._command(command, channel)
        given = {**before, option: typed}
        data = self._used(found) | {"options": chosen(found, path, given, focused=option)}
        return self._interacts(InteractionKind.AUTOCOMPLETE, channel, data)

    def uses_on(self, command: str, target: Message | Account, channel: Channel) -> Interaction:
        """From the context menu of a message or of an account."""
        kind = MESSAGE if isinstance(target, Message) else USER
        found = usable(self.world, self, command, channel, kind)
        resolved = {"messages" if kind == MESSAGE else "users": {str(target.id): target.json}}
        data = self._used(found) | {"target_id": str(target.id), "resolved": resolved}
        return self._interacts(InteractionKind.COMMAND, channel, data)

    def presses(self, message: Message, label: str) -> Interaction:
        """Raises LookupError where there is no such button, or it is greyed out."""
        for component in message.all_components:
            if component.get("label") == label and not component.get("disabled"):
                data = {"custom_id": component["custom_id"], "component_type": 2}
                return self._on_message(message, data)
        raise LookupError(f"there is no button {label!r} to press, only {list(message.buttons)}")

    def selects(self, message: Message, *values: str) -> Interaction:
        """In the message's first select menu."""
        for component in message.all_components:
            if component.get("type") == 3:
                data = {"custom_id": component["custom_id"], "component_type": 3}
                return self._on_message(message, data | {"values": list(values)})
        raise LookupError("there is no select menu in this message")

    def submits(self, shown: Interaction, *values: str) -> Interaction:
        """Fills the fields of the modal that answered this interaction, in their order."""
        if shown.modal is None:
            raise LookupError("no modal was shown")
        parts = filled(shown.modal, values)
        data = {"custom_id": shown.modal["custom_id"], "components": parts}
        return self._interacts(InteractionKind.MODAL, shown.channel, data, shown.message)

    def _command(self, words: str, channel: Channel) -> tuple[Json, list[str]]:
        name, *path = words.removeprefix("/").split()
        return usable(self.world, self, name, channel), path

    def _used(self, command: Json) -> Json:
        data = {key: command[key] for key in ("id", "name", "type")}
        return data | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})

    def _on_message(self, message: Message, data: Json) -> Interaction:
        if message.ephemeral and message.only_for is not self:
            raise PermissionError(f"{self.name} can't see this message")
        return self._interacts(InteractionKind.COMPONENT, message.channel, data, message)

    def _interacts(
        self, kind: InteractionKind, channel: Channel, data: Json, message: Message | None = None
    ) -> Interaction:
        world = self.world
        interaction = Interaction(
            id=world.ids.next(),
            token=secrets.token_urlsafe(32),
            kind=kind,
            user=self,
            channel=channel,
            data=data,
            bot=world.bot,
            clock=world.clock,
            at=world.clock.now(),
            message=message,
        )
        world.tell_interaction(interaction)
        return interaction

    # --- what this person may do -----------------------------------------------------------------

    def _may_write(self, channel: Channel) -> None:
        needed = Permission.SEND_MESSAGES
        if channel.kind.is_thread:
            needed = Permission.SEND_MESSAGES_IN_THREADS
        fine = sees(self, channel) and needed in permissions(self, channel)
        if not fine or channel.deleted or channel.kind is Kind.FORUM:
            raise PermissionError(f"{self.name} can't write in {channel.name}")

    def _attached(self, channel: Channel, name: str, data: bytes) -> Attachment:
        guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return self.world.keep(channel, name, data, guessed)
