"""The config as it holds, as YAML that says where each value comes from."""

from __future__ import annotations

import sys
from typing import Any

import yaml

from bot.config.model import Config
from bot.config.source import Source
from bot.config.yaml import parse
from bot.secrets import redact


def show(config: Config, source: Source) -> str:
    """Without comments it would be read as the same config, but for the secrets."""
    text = _yaml(_redacted(config.model_dump(mode="json")))
    lines = text.splitlines()
    written = {line: source.places.get(path) for path, line in parse(text).lines.items()}
    for line, place in written.items():
        if place:
            lines[line - 1] += f"  # {place}"
    return "\n".join(lines) + "\n"


def _redacted(data: Any) -> Any:
    """Before it is YAML, where a mask by itself would be no text."""
    match data:
        case str():
            return redact(data)
        case dict():
            return {key: _redacted(value) for key, value in data.items()}
        case list():
            return [_redacted(item) for item in data]
    return data


def _yaml(data: Any) -> str:
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=sys.maxsize)


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, so that a comment may end each key's line."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
