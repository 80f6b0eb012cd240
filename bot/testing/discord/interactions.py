"""Interactions: a command used, a button pressed, a modal sent – and what the bot made of it.

https://docs.discord.com/developers/interactions/receiving-and-responding
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from bot.testing.common.clock import Clock
from bot.testing.discord.accounts import Account, Json
from bot.testing.discord.channels import Channel
from bot.testing.discord.guild_state import UPLOAD_BYTES
from bot.testing.discord.guilds import Guild
from bot.testing.discord.messages import Message
from bot.testing.discord.visibility import permissions

DEADLINE = 3.0
"""Seconds in which it must be answered first."""
TOKEN_SECONDS = 15 * 60.0


class InteractionKind(IntEnum):
    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class Callback(IntEnum):
    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


ANSWERS: dict[InteractionKind, frozenset[Callback]] = {
    InteractionKind.COMMAND: frozenset(
        {Callback.MESSAGE, Callback.DEFERRED_MESSAGE, Callback.MODAL}
    ),
    InteractionKind.COMPONENT: frozenset(set(Callback) - {Callback.CHOICES}),
    InteractionKind.AUTOCOMPLETE: frozenset({Callback.CHOICES}),
    InteractionKind.MODAL: frozenset(set(Callback) - {Callback.CHOICES, Callback.MODAL}),
}
"""How each may be answered first."""


@dataclass(eq=False, slots=True)
class Interaction:
    """`message` is the one whose button was pressed; `original` the first answer, `followups`
    those after it; `answered_after` is in seconds of the server's clock; `choices` and `modal` are
    what an autocompletion and a modal answered."""

    id: int
    token: str
    kind: InteractionKind
    user: Account
    channel: Channel
    data: Json
    bot: Account
    clock: Clock
    at: float
    message: Message | None = None
    answer: Callback | None = None
    answered_after: float | None = None
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    choices: list[Json] = field(default_factory=list)
    modal: Json | None = None

    @property
    def late(self) -> bool:
        return self.answer is None and self.clock.now() - self.at > DEADLINE

    @property
    def failed(self) -> bool:
        """Whether the user reads that the application did not respond."""
        return self.late

    @property
    def expired(self) -> bool:
        return self.clock.now() - self.at > TOKEN_SECONDS

    @property
    def shown(self) -> list[Message]:
        """The bot's messages for it that are still there."""
        first = [self.original] if self.original else []
        return [m for m in (*first, *self.followups) if not m.deleted]

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.shown]

    @property
    def focused(self) -> Json | None:
        """The option that is being typed, for an autocompletion."""
        found = (option for option in _walked(self.data) if option.get("focused"))
        return next(found, None)

    @property
    def json(self) -> Json:
        guild = self.channel.guild
        json: Json = {
            "id": str(self.id),
            "application_id": str(self.bot.id),
            "type": int(self.kind),
            "data": self.data,
            "token": self.token,
            "version": 1,
            "locale": self.user.locale,
            "channel_id": str(self.channel.id),
            "channel": {**self.channel.json, "permissions": self._of(self.user)},
            "entitlements": [],
            "attachment_size_limit": UPLOAD_BYTES,
            "app_permissions": self._of(self.bot),
            "authorizing_integration_owners": {"0": str(guild.id) if guild else "0"},
            "context": 0 if guild else 1,
        }
        if self.message is not None:
            json["message"] = self.message.json
        return json | (self._in(guild) if guild else {"user": self.user.json})

    def _of(self, account: Account) -> str:
        return str(int(permissions(account, self.channel)))

    def _in(self, guild: Guild) -> Json:
        return {
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "guild_locale": guild.locale,
            "member": guild.members[self.user.id].full | {"permissions": self._of(self.user)},
        }

    @property
    def metadata(self) -> Json:
        """What a message that answers it says of it."""
        owners = {"0": str(self.channel.guild.id) if self.channel.guild else "0"}
        json: Json = {
            "id": str(self.id),
            "type": int(self.kind),
            "user": self.user.json,
            "authorizing_integration_owners": owners,
        }
        if self.message is not None:
            json["interacted_message_id"] = str(self.message.id)
        return json


def _walked(data: Json) -> Iterator[Json]:
    for option in data.get("options") or []:
        yield option
        yield from _walked(option)
