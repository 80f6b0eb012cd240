"""From the text behind a command's name to checked values."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence

from bot import texts, texts_for_places
from bot.errors import CommandError
from bot.kinds import Number, quoted
from bot.store.text import storable
from bot.types import Attachment, CommandSpec, Parameter

Value = str | int | float | bool

FLAGS = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}


def parse(
    spec: CommandSpec,
    text: str,
    told_apart: Mapping[str, str] | None = None,
    files: Sequence[Attachment] = (),
    *,
    called: str = "",
) -> dict[str, Value]:
    """One word a parameter; the last one, if it is a text, takes all the rest. What the network
    has told apart is taken as it is. A `long` text can be in the first of the files.

    `called` is the command as people write it, without the slash. Raises CommandError.
    """
    words = dict(told_apart) if told_apart else _apart(spec, text, called)
    values: dict[str, Value] = {}
    for parameter in spec.parameters:
        word = words.get(parameter.name, "").strip()
        if not word and parameter.long and files:
            word = _content(files[0])
        if word:
            values[parameter.name] = _value(parameter, word)
        elif parameter.required:
            raise CommandError(
                "{name} is missing: {usage}", name=parameter.name, usage=usage(spec, called)
            )
    return values


def usage(spec: CommandSpec, called: str = "") -> str:
    shown = (f"<{p.name}>" if p.required else f"[{p.name}]" for p in spec.parameters)
    return " ".join((f"/{called or spec.name}", *shown))


def called_in_full(spec: CommandSpec, sub: CommandSpec) -> str:
    """How a subcommand is called; the name of the default one can be left out."""
    return f"{spec.name} [{sub.name}]" if sub.name == spec.default else f"{spec.name} {sub.name}"


def first_word(text: str) -> tuple[str, str]:
    word, *rest = text.split(maxsplit=1) or [""]
    return word, rest[0] if rest else ""


def _apart(spec: CommandSpec, text: str, called: str) -> dict[str, str]:
    words: dict[str, str] = {}
    rest = text.strip()
    for parameter in spec.parameters:
        takes_rest = parameter is spec.parameters[-1] and parameter.type == "text"
        words[parameter.name], rest = (rest, "") if takes_rest else first_word(rest)
    if rest:
        raise CommandError(
            "{words} is more than it takes: {usage}", words=quoted(rest), usage=usage(spec, called)
        )
    return words


def _content(file: Attachment) -> str:
    if file.text is None:
        raise CommandError(texts.cant_read([file.name[:100]]))
    return file.text.strip()


def _value(parameter: Parameter, word: str) -> Value:
    if parameter.choices:
        return _choice(parameter, word)
    match parameter.type:
        case "text":
            return storable(word)
        case "flag":
            return _flag(parameter, word)
        case "integer" | "number":
            return _number(parameter, word)


def _choice(parameter: Parameter, word: str) -> str:
    chosen = word.lower()
    if chosen in parameter.choices:
        return chosen
    nearest = difflib.get_close_matches(chosen[:40], parameter.choices, 1)
    if nearest:
        raise CommandError(
            "{name} can't be {given}: did you mean {nearest}?",
            name=parameter.name,
            given=quoted(word),
            nearest=nearest[0],
        )
    raise CommandError(
        "{name} is {what}.", name=parameter.name, what=texts_for_places.one_of(parameter.choices)
    )


def _flag(parameter: Parameter, word: str) -> bool:
    if word.lower() not in FLAGS:
        raise CommandError("{name} is on or off.", name=parameter.name)
    return FLAGS[word.lower()]


def _number(parameter: Parameter, word: str) -> int | float:
    kind = Number(
        -math.inf if parameter.minimum is None else parameter.minimum,
        math.inf if parameter.maximum is None else parameter.maximum,
        whole=parameter.type == "integer",
    )
    value = kind.read(word)
    if value is None:
        raise CommandError(
            "{name} is {what}, not {given}.",
            name=parameter.name,
            what=str(kind),
            given=quoted(word),
        )
    return value
