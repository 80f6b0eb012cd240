"""Sentences about who may do what and how much, and what is kept of whom; as in `bot.texts`, looked
up when they are said."""

from __future__ import annotations

from collections.abc import Iterable

from bot.language import counted, in_context
from bot.language import translated as _
from bot.texts import Text, duration, listed
from bot.types import Role

# --- who may -------------------------------------------------------------------------------------

ADMITTED = Text("Welcome: from now on I answer you.")
NO_SUCH_CODE = Text("This code is not valid, or no longer. Ask my owner for a new one.")


NOBODY = Text("Nobody is admitted here but my owner.")


def role(which: Role) -> str:
    match which:
        case Role.OWNER:
            return in_context("role", "owner")
        case Role.ADMIN:
            return in_context("role", "administrator")
        case Role.USER:
            return in_context("role", "user")
        case Role.GUEST:
            return in_context("role", "guest")
    return in_context("role", "blocked")


def scope(called: str) -> str:
    """Where something was decided."""
    match called:
        case "config":
            return _("in the config")
        case "everywhere":
            return _("everywhere")
        case "server":
            return _("on this server")
    return _("in this chat")


def is_now(who: str, what: Role, where: str) -> str:
    return _("{who} is now, {where}: {role}.", who=who, where=scope(where), role=role(what))


def granted(who: str, what: Role, where: str) -> str:
    return _("{who}, {where}: {role}", who=who, where=scope(where), role=role(what))


def taken_back(who: str, where: str) -> str:
    return _("Nothing is decided of {who} any more {where}.", who=who, where=scope(where))


def pairing_code(code: str, minutes: int) -> str:
    return _(
        "Whoever sends me `/pair {code}` within {n} minutes is admitted; it works once.",
        code=code,
        n=minutes,
    )


# --- how much ------------------------------------------------------------------------------------


def too_fast(seconds: float) -> str:
    return _("That is too many messages at a time: again in {time}.", time=soon(seconds))


def day_is_spent(seconds: float, *, own: bool) -> str:
    if own:
        return _("You have used up today's tokens: again in {time}.", time=soon(seconds))
    return _("This chat has used up today's tokens: again in {time}.", time=soon(seconds))


def too_many_turns(count: int) -> str:
    return counted(
        "{n} message waits for its answer already: please wait for that first.",
        "{n} messages wait for their answers already: please wait for those first.",
        count,
    )


def soon(seconds: float) -> str:
    """Rounded up, so that it is true."""
    return duration(-(-seconds // 1))


YOURS = Text("You, wherever you write:")
OF_CHAT = Text("This chat, all people together:")


def limit(value: int | None, used: int | None) -> str:
    most = _("no limit") if value is None else str(value)
    return most if used is None else _("{used} of {most}", used=used, most=most)


# --- what is kept --------------------------------------------------------------------------------

ASK_IN_PRIVATE = Text("That is for you alone: please ask me in a private chat.")
YOUR_DATA = Text("This is all that I keep of you.")
FORGET_ME = Text("Forget me")
FORGET_SURE = Text(
    "This deletes your messages, my answers to them, your settings and what I counted of you; it "
    "can't be undone."
)
FORGET_HOW = Text("If you mean it, write `/forgetme yes`.")
FORGOTTEN = Text("I have forgotten you. What stands in this network is deleted there.")
OPTED_OUT = Text(
    "From now on I neither keep nor read what you say, and so can't answer it; `/optin` changes "
    "that, and `/forgetme` deletes what I have kept."
)
IS_OPTED_OUT = Text("You opted out, so I neither keep nor answer what you say: see `/optin`.")
OPTED_IN = Text("Welcome back: I keep what you say to me again, and answer it.")
KEPT_FOR_EVER = Text("What is said here is kept until somebody deletes it.")


def not_forgotten(parts: Iterable[str]) -> str:
    return _(
        "I have forgotten you, but these plugins failed to: {names}. Please tell my owner.",
        names=listed(parts),
    )


def kept_for(days: int) -> str:
    return counted(
        "What is said here is deleted after {n} day.",
        "What is said here is deleted after {n} days.",
        days,
    )
