"""The page of the documentation that lists all commands and settings, made of what they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bot import texts_for_places
from bot.commands.arguments import called_in_full, usage
from bot.effective import KINDS
from bot.types import CommandSpec, Parameter, Role

INTRODUCTION = """# Commands

What can be asked for in a chat, on every network. This page is made by `python -m bot.commands`;
`/help` shows what you may use.

`<…>` is needed, `[…]` can be left out. One word is one value; a text at the end takes all the rest,
or is the content of a file that comes with the command. *private*: where the network can do that,
only you see the answer.
"""
SETTINGS = """## Settings

Of `/set`, `/unset`, `/settings` and `/server`. What holds is the innermost that is set: chinwag's
default, the model's own generation config, the config, the server, the chat, the thread.
A change is effective with the next message and lasts.

| setting | what it is | what it can be |
|---|---|---|
"""
MEANING: Mapping[str, str] = {
    "temperature": "how freely tokens are chosen; 0 always takes the likeliest",
    "top_p": "choose among the likeliest tokens that have this share of the probability; 1 is off",
    "top_k": "choose among so many of the likeliest tokens; 0 is off",
    "min_p": "leave out tokens less likely than this share of the likeliest one; 0 is off",
    "repetition_penalty": "makes tokens that occurred before less likely; 1 is off",
    "presence_penalty": "as in OpenAI's API; 0 is off",
    "frequency_penalty": "as in OpenAI's API; 0 is off",
    "max_new_tokens": "the longest reply, thinking included, in tokens; the model's context "
    "window at most",
    "thinking_budget": "the most tokens of thinking",
    "seed": "the same seed, settings and prompt give the same reply",
    "stop": "a reply ends before any of these",
    "system_prompt": "who the model is; see `/system`",
    "thinking": "whether the model thinks first, and how much of it is shown",
    "respond": "to what the bot answers in a group: mentions, everything, or `/ask` alone",
    "context": "what the model knows of a group: what was said to the bot (asked), or all that the "
    "bot may see (window)",
    "language": "what the bot speaks of its own; auto is the language of whoever it answers",
}


def page(specs: Iterable[CommandSpec]) -> str:
    """Commands of one role together, the least first; subcommands each by its own."""
    usable = [*_usable(specs)]
    parts = [INTRODUCTION]
    for role in Role:
        rows = [_row(spec, called) for spec, called in usable if spec.role is role]
        if rows:
            head = f"## {_heading(role)}\n\n| command | what it does |\n|---|---|\n"
            parts.append(head + "".join(rows))
    parts.append(SETTINGS + "".join(map(_setting, KINDS)))
    return "\n".join(parts)


def _usable(specs: Iterable[CommandSpec]) -> Iterator[tuple[CommandSpec, str]]:
    for spec in specs:
        if not spec.subcommands:
            yield spec, spec.name
        for sub in spec.subcommands:
            yield sub, called_in_full(spec, sub)


def _heading(role: Role) -> str:
    return "For anyone who finds the bot" if role < Role.USER else texts_for_places.for_role(role)


def _row(spec: CommandSpec, called: str) -> str:
    notes = [f"`{p.name}`: {_described(p)}" for p in spec.parameters]
    said = "; ".join((spec.help, *notes)) + " *private*" * spec.private
    return f"| `{usage(spec, called)}` | {said} |\n"


def _described(parameter: Parameter) -> str:
    low, high = parameter.minimum, parameter.maximum
    if low is not None and high is not None:
        return f"{parameter.help}, {low:g} to {high:g}"
    return parameter.help


def _setting(name: str) -> str:
    return f"| `{name}` | {MEANING.get(name, '')} | {KINDS[name]} |\n"
