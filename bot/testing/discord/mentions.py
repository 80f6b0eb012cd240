"""Who a message names, and who of them is notified.

https://docs.discord.com/developers/resources/message#allowed-mentions-object
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.testing.discord.accounts import Account, Json
from bot.testing.discord.guilds import Guild
from bot.testing.discord.messages import Message, Pings

USER = re.compile(r"<@!?(\d+)>")
ROLE = re.compile(r"<@&(\d+)>")
EVERYONE = re.compile(r"@(everyone|here)\b")


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a sender allows; by default everything pings, the author replied to included."""

    users: frozenset[int] | None = None
    roles: frozenset[int] | None = None
    everyone: bool = True
    replied: bool = True

    def user(self, id: int) -> bool:
        return self.users is None or id in self.users

    def role(self, id: int) -> bool:
        return self.roles is None or id in self.roles


def allowed(given: Json | None) -> Allowed:
    if given is None:
        return Allowed()
    parse = given.get("parse") or []
    return Allowed(
        users=None if "users" in parse else _ids(given.get("users")),
        roles=None if "roles" in parse else _ids(given.get("roles")),
        everyone="everyone" in parse,
        replied=bool(given.get("replied_user")),
    )


def _ids(listed: object) -> frozenset[int]:
    return frozenset(int(one) for one in listed) if isinstance(listed, list) else frozenset()


def pings(
    text: str,
    known: dict[int, Account],
    guild: Guild | None,
    allow: Allowed,
    *,
    may_ping_everyone: bool,
    reply_to: Message | None = None,
) -> Pings:
    """`may_ping_everyone` is about @everyone and about roles that not everybody may mention."""
    users = [known[n] for n in _found(USER, text) if n in known and allow.user(n)]
    if reply_to is not None and allow.replied and reply_to.author not in users:
        users.append(reply_to.author)
    roles = [guild.roles[n] for n in _found(ROLE, text) if n in guild.roles] if guild else []
    return Pings(
        tuple(users),
        tuple(r for r in roles if allow.role(r.id) and (r.mentionable or may_ping_everyone)),
        bool(guild and allow.everyone and may_ping_everyone and EVERYONE.search(text)),
    )


def _found(pattern: re.Pattern[str], text: str) -> list[int]:
    return list(dict.fromkeys(int(number) for number in pattern.findall(text)))
