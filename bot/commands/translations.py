"""A command's help in every language, for networks that choose by themselves."""

from __future__ import annotations

from dataclasses import replace

from bot.language import in_all_languages
from bot.types import CommandSpec, Parameter


def translated_spec(spec: CommandSpec) -> CommandSpec:
    """What the spec itself says stays: a plugin brings its own."""
    return replace(
        spec,
        translations={**in_all_languages(spec.help), **spec.translations},
        parameters=tuple(map(_parameter, spec.parameters)),
        subcommands=tuple(map(translated_spec, spec.subcommands)),
    )


def _parameter(parameter: Parameter) -> Parameter:
    known = {**in_all_languages(parameter.help), **parameter.translations}
    return replace(parameter, translations=known)
