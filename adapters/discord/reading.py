"""What a message says to the core: where, who, what, and whether it is for the bot."""

from __future__ import annotations

import re
from collections.abc import Iterator

import discord
from discord import Member, Message, MessageType, Role, Thread, User

from bot.types import Place, UserRef

NAME = "discord"
INTERACTION = "interaction:"
"""Begins the id of what no message carried."""
SPOKEN = (MessageType.default, MessageType.reply)


def place_of(channel: discord.abc.Snowflake, server: int | None) -> Place:
    """Each thread and each post of a forum is one of its channel's; a direct chat is private."""
    if server is None:
        return Place(NAME, str(channel.id), private=True)
    if isinstance(channel, Thread):
        return Place(NAME, str(channel.parent_id), str(channel.id), str(server))
    return Place(NAME, str(channel.id), server=str(server))


def channel_of(place: Place) -> int:
    """Where Discord has it: the thread, else the channel. A chain of replies is in either."""
    thread = place.thread.partition("/")[0]
    return int(thread if thread.isdigit() else place.chat)


def person(user: User | Member) -> UserRef:
    roles = user.roles if isinstance(user, Member) else []
    given = tuple(str(role.id) for role in roles if not role.is_default())
    return UserRef(NAME, str(user.id), str(user.display_name), given)  # nobody else checks it


def is_from_person(message: Message) -> bool:
    """Bots never: two of them would talk for ever."""
    spoken = message.type in SPOKEN and message.webhook_id is None
    return spoken and not message.author.bot


def text_of(message: Message, me: int) -> str:
    """With names instead of mentions, and without the bot's own where that only calls it."""
    text = message.content or _forwarded(message)
    while (call := _CALL.match(text)) and int(call[1]) in _mine(message, me):
        text = text[call.end() :]
    for mention, name in _names(message):
        text = text.replace(mention, name)
    return text.strip()


def is_addressed(message: Message, me: int) -> bool:
    """A mention or a reply to the bot; in private always."""
    if message.guild is None or any(user.id == me for user in message.mentions):
        return True
    if any(role.id in _mine(message, me) for role in message.role_mentions):
        return True
    answered = replied_message(message)
    return answered is not None and answered.author.id == me


def replied_message(message: Message) -> Message | None:
    """The message that it replies to, as far as Discord shows it."""
    reference = message.reference
    if reference is None or message.type is not MessageType.reply:
        return None
    return reference.resolved if isinstance(reference.resolved, Message) else None


def replied_to(message: Message) -> str:
    reference = message.reference
    if reference is None or message.type is not MessageType.reply:
        return ""
    return str(reference.message_id or "")


_CALL = re.compile(r"\s*<@[!&]?(\d+)>[ ,:]*")


def _mine(message: Message, me: int) -> set[int]:
    """The bot's id, and that of the role that came with it."""
    return {me} | {role.id for role in message.role_mentions if _is_own(role, me)}


def _is_own(role: Role, me: int) -> bool:
    return role.tags is not None and role.tags.bot_id == me


def _names(message: Message) -> Iterator[tuple[str, str]]:
    for user in message.mentions:
        yield f"<@{user.id}>", f"@{user.display_name}"
        yield f"<@!{user.id}>", f"@{user.display_name}"
    for role in message.role_mentions:
        yield role.mention, f"@{role.name}"
    for channel in message.channel_mentions:
        yield channel.mention, f"#{channel.name}"


def _forwarded(message: Message) -> str:
    return "\n".join(snapshot.content for snapshot in message.message_snapshots)
