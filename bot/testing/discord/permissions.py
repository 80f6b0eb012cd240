"""Who may do what where. https://docs.discord.com/developers/topics/permissions"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntFlag


class Permission(IntFlag):
    NONE = 0
    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40


EVERYTHING = ~Permission.NONE
PRIVATE = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
)
"""What everybody may do in direct messages."""
USUAL = (
    PRIVATE
    | Permission.ADD_REACTIONS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.CREATE_PRIVATE_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)
"""What @everyone of a new guild may do, without pinging everyone."""
TIMED_OUT = Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY
"""All that is left to a member in a time-out."""


def named(*names: str) -> Permission:
    """From names such as "send_messages"."""
    return united(Permission[name.upper()] for name in names)


def united(permissions: Iterable[Permission]) -> Permission:
    total = Permission.NONE
    for permission in permissions:
        total |= permission
    return total


@dataclass(slots=True)
class Overwrite:
    """What a channel allows and denies to one role or member."""

    allow: Permission = Permission.NONE
    deny: Permission = Permission.NONE


def overwritten(base: Permission, overwrites: Iterable[Overwrite]) -> Permission:
    """All of one level: what one of them allows wins over what another denies."""
    kept = list(overwrites)
    return base & ~united(o.deny for o in kept) | united(o.allow for o in kept)
