"""Sentences about a place: what is set there, what can be, and what was said; as in `bot.texts`,
looked up when they are said."""

from __future__ import annotations

from collections.abc import Iterable

from bot.language import translated as _
from bot.texts import Text, listed, messages_of, tokens_of
from bot.types import Role, UserRef

# --- what a value can be -------------------------------------------------------------------------


def number(low: str, high: str, *, whole: bool, optional: bool) -> str:
    """A range without ends has neither `low` nor `high`."""
    kind = _("a whole number") if whole else _("a number")
    said = _("{kind} from {low} to {high}", kind=kind, low=low, high=high) if high else kind
    return _("{number} or off", number=said) if optional else said


def one_of(options: Iterable[str]) -> str:
    return _("one of {options}", options=listed(options))


def some_text(longest: int) -> str:
    return _("a text of up to {n} characters", n=longest)


def several_texts(most: int, longest: int) -> str:
    return _(
        "a text of up to {n} characters, a JSON list of up to {most} such texts, or off",
        n=longest,
        most=most,
    )


# --- what is set, and what was said -----------------------------------------------------------

OFF = Text("off")
NOTHING_SAID = Text("Nothing has been said here yet.")
NO_SYSTEM_PROMPT = Text("There is no system prompt here.")
NO_PERSONAS = Text("No persona is saved here.")
SUMMARISE = Text(
    "Please summarise our conversation so far: what was asked, what came of it, what is open."
)


def for_role(role: Role) -> str:
    """The heading of what this role may do."""
    match role:
        case Role.OWNER:
            return _("For owners")
        case Role.ADMIN:
            return _("For administrators of a place")
    return _("For everyone")


def origin(source: str, model: str) -> str:
    """Where a setting's value comes from."""
    match source:
        case "default":
            return _("chinwag's default")
        case "model":
            return _("{model}'s generation config", model=model)
        case "config":
            return _("the config")
        case "server":
            return _("this server")
        case "thread":
            return _("this thread")
    return _("this chat")


def holds(value: str, source: str) -> str:
    return _("now {value}, from {source}", value=value, source=source)


def change_of_setting(when: str, by: UserRef | None, change: str, where: str) -> str:
    who = _("nobody known") if by is None else by.name or str(by)
    place = origin(where, "")
    return _("{when}, {who}, {place}: {change}", when=when, who=who, place=place, change=change)


def system_prompt_set(characters: int, tokens: int) -> str:
    return _(
        "This is the system prompt here now: {n} characters, {tokens}.",
        n=characters,
        tokens=tokens_of(tokens),
    )


def exported(count: int) -> str:
    return _("This conversation: {messages}.", messages=messages_of(count))


def context_window(model: str, tokens: int) -> str:
    return _("{model} takes {tokens}:", model=model, tokens=tokens_of(tokens))


def context_system(tokens: int) -> str:
    return _("system prompt and template: {tokens}", tokens=tokens_of(tokens))


def context_history(tokens: int, messages: int) -> str:
    return _(
        "history: {tokens} in {messages}",
        tokens=tokens_of(tokens),
        messages=messages_of(messages),
    )


def context_answer(tokens: int) -> str:
    return _("room for the answer: {tokens}", tokens=tokens_of(tokens))


def context_free(tokens: int) -> str:
    return _("free: {tokens}", tokens=tokens_of(tokens))


def context_left_out(messages: int, tokens: int) -> str:
    return _(
        "left out, the oldest first: {messages}, {tokens} or more",
        messages=messages_of(messages),
        tokens=tokens_of(tokens),
    )
