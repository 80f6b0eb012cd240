"""From the text behind a command's name to checked values."""

from __future__ import annotations

from collections.abc import Mapping

from bot.errors import CommandError
from bot.types import CommandSpec, Parameter

Value = str | int | float | bool

FLAGS = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}


def parse(
    spec: CommandSpec, text: str, told_apart: Mapping[str, str] | None = None
) -> dict[str, Value]:
    """One word a parameter; the last one, if it is a text, takes all the rest. What the network
    has told apart is taken as it is.

    Raises CommandError.
    """
    if told_apart:
        given = [parameter for parameter in spec.parameters if parameter.name in told_apart]
        return {p.name: _value(p, told_apart[p.name]) for p in given}
    values: dict[str, Value] = {}
    rest = text.strip()
    for parameter in spec.parameters:
        takes_rest = parameter is spec.parameters[-1] and parameter.type == "text"
        word, rest = (rest, "") if takes_rest else _first_word(rest)
        if word:
            values[parameter.name] = _value(parameter, word)
        elif parameter.required:
            raise CommandError(f"{parameter.name} is missing: {usage(spec)}")
    if rest:
        raise CommandError(f"{rest[:40]!r} is more than it takes: {usage(spec)}")
    return values


def usage(spec: CommandSpec) -> str:
    shown = (f"<{p.name}>" if p.required else f"[{p.name}]" for p in spec.parameters)
    return " ".join((f"/{spec.name}", *shown))


def _first_word(text: str) -> tuple[str, str]:
    word, _, rest = text.partition(" ")
    return word, rest.lstrip()


def _value(parameter: Parameter, word: str) -> Value:
    if parameter.choices and word.lower() not in parameter.choices:
        raise CommandError(f"{parameter.name} is one of {', '.join(parameter.choices)}.")
    match parameter.type:
        case "text":
            return word.lower() if parameter.choices else word
        case "flag":
            return _flag(parameter, word)
        case "integer" | "number":
            return _number(parameter, word)


def _flag(parameter: Parameter, word: str) -> bool:
    if word.lower() not in FLAGS:
        raise CommandError(f"{parameter.name} is on or off.")
    return FLAGS[word.lower()]


def _number(parameter: Parameter, word: str) -> int | float:
    whole = parameter.type == "integer"
    try:
        value = int(word) if whole else float(word.replace(",", "."))
    except ValueError:
        kind = "a whole number" if whole else "a number"
        raise CommandError(f"{parameter.name} is {kind}, not {word[:40]!r}.") from None
    low = parameter.minimum if parameter.minimum is not None else float("-inf")
    high = parameter.maximum if parameter.maximum is not None else float("inf")
    if not low <= value <= high:  # false for nan, too
        raise CommandError(f"{parameter.name} is from {low:g} to {high:g}, not {word[:40]}.")
    return value
