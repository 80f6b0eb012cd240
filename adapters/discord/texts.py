"""The few sentences and labels that only Discord needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ASK = "Ask about this message"
SUMMARISE = "Summarise from here"
NAMES: Mapping[str, Mapping[str, str]] = {
    ASK: {"de": "Zu dieser Nachricht fragen"},
    SUMMARISE: {"de": "Ab hier zusammenfassen"},
}
"""Context-menu commands in other languages, by Discord's locale."""

FILE = "a file with the text, where it is long"
QUESTION = "Your question"
ASK_TITLE = "Ask about this message"
THOUGHTS = "Thoughts"
NOTHING_TO_READ = "There is nothing here that I could read."
NEWS_GONE = "I no longer know that message. Please choose it once more."


def about(question: str, author: str, text: str) -> str:
    """What the model is asked of somebody's message."""
    return f"{question}\n\n{author} wrote:\n{quoted(text)}"


def summary(lines: Sequence[str]) -> str:
    return "Summarise this conversation:\n\n" + "\n".join(lines)


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def lacking(permissions: Sequence[str], channel: str) -> str:
    """`permissions` as Discord's settings call them."""
    named = ", ".join(permissions)
    noun = "permission" if len(permissions) == 1 else "permissions"
    return f"In {channel} I lack the {noun} {named}."


def cant_attach(names: Sequence[str], channel: str) -> str:
    files = ", ".join(f"`{name}`" for name in names)
    return f"{lacking(['Attach Files'], channel)} So {files} can't be sent."


def no_threads(permissions: Sequence[str], channel: str) -> str:
    return f"{lacking(permissions, channel)} So I answer in the channel itself."
