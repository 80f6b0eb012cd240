"""Whom a command is about, and where it holds."""

from __future__ import annotations

import re

from bot.access import EVERYONE
from bot.commands import Call
from bot.errors import CommandError
from bot.kinds import quoted
from bot.types import Parameter, Role, UserRef

_MENTION = re.compile(r"<@!?(?P<user>\w+)>|<@&(?P<role>\w+)>")
_USER = re.compile(r"\d+")
_ENTRY = re.compile(r"[a-z][a-z0-9_-]*:((chat|guild|role):)?[^\s:]+")

PLACES = ("here", "server", "everywhere")
WHO = Parameter("who", "a mention or an id; else whose message this replies to", required=False)
WHOSE = Parameter(
    "who", "a mention or an id, for owners; else all of this chat together", required=False
)
WHERE = Parameter(
    "where",
    "here or on the whole server; everywhere is for owners",
    required=False,
    choices=PLACES,
)


def _words(call: Call) -> tuple[str, str]:
    """Who, and where: what only one word is said of is a place's name or somebody's."""
    who, where = call.text("who"), call.text("where")
    return ("", who.lower()) if not where and who.lower() in PLACES else (who, where)


def entry(call: Call) -> str:
    """Of an allow list. Raises CommandError."""
    text, _ = _words(call)
    if not text:
        if call.event.about is None:
            raise CommandError("Whom do you mean? Mention them, reply to them, or give their id.")
        return str(call.event.about)
    network = call.place.adapter
    if found := _MENTION.fullmatch(text):
        user, role = found["user"], found["role"]
        return f"{network}:{user}" if user else f"{network}:role:{role}"
    if _USER.fullmatch(text):
        return f"{network}:{text}"
    if text.lower() == EVERYONE or _ENTRY.fullmatch(text):
        return text.lower() if text.lower() == EVERYONE else text
    raise CommandError(
        "{given} is nobody that I know: mention them, reply to them, or give their id.",
        given=quoted(text),
    )


def person(call: Call) -> UserRef:
    """As `entry`, of one person alone. Raises CommandError."""
    found = entry(call)
    network, _, user = found.partition(":")
    if not user or ":" in user:
        raise CommandError("{who} is not one person.", who=found)
    return UserRef(network, user)


def scope(call: Call) -> tuple[str, str]:
    """Where a decision holds, and what that is called. What is decided in a private chat with the
    bot is meant for everywhere. Raises CommandError."""
    place = call.place
    where = _words(call)[1] or ("everywhere" if place.private else "here")
    match where:
        case "everywhere" if call.role is not Role.OWNER:
            raise CommandError("Only an owner decides for everywhere: name a place, or go there.")
        case "everywhere":
            return "", where
        case "server" if not place.server:
            raise CommandError("This place belongs to no server.")
        case "server":
            return f"server:{place.adapter}:{place.server}", where
    return f"chat:{place.adapter}:{place.chat}", "here"
