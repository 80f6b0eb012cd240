"""The first config: a few answers as commented YAML, each token in a file of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bot.config import check, read
from bot.errors import ChinwagError
from bot.types import ThinkingMode


@dataclass(frozen=True, slots=True)
class Answers:
    """`tokens` by network; a network without one reads the variable of `variable`."""

    networks: Sequence[str] = ()
    tokens: Mapping[str, str] = field(default_factory=dict)
    owners: Sequence[str] = ()
    model: str = "demo"
    thinking: ThinkingMode = "line"


def variable(network: str) -> str:
    return f"{network.upper()}_TOKEN".replace("-", "_")


def token_file(config: Path, network: str) -> Path:
    return config.absolute().with_name(f"{network}.token")


def refuse_to_overwrite(path: Path) -> None:
    """Raises ChinwagError where something is there."""
    if path.exists() or path.is_symlink():
        raise ChinwagError(f"{path} is there already: move it away first.")


def write(answers: Answers, config: Path) -> list[Path]:
    """All files, for their owner alone; returns them, the config first. Either all are written or
    none. Raises ChinwagError rather than overwrite anything, and ConfigError for an answer that
    the config can't hold."""
    with ExitStack() as undo:
        tokens = [
            _create(token_file(config, network), f"{token}\n", undo)
            for network, token in answers.tokens.items()
        ]
        _create(config, text(answers, config), undo)
        check(read(config, {}))
        undo.pop_all()
    return [config, *tokens]


def _create(path: Path, content: str, undo: ExitStack) -> Path:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ChinwagError(f"{path} is there already: move it away first.") from None
    except OSError as error:
        raise ChinwagError(f"{path} can't be written: {error.strerror}.") from None
    undo.callback(path.unlink)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    return path


def text(answers: Answers, config: Path) -> str:
    return "\n".join((*_head(answers), *_adapters(answers, config), *_access(answers)))


def _head(answers: Answers) -> Iterator[str]:
    yield "# Made by `chinwag init`. Every other key, with its default and its meaning, is in"
    yield "# config.example.yaml; `chinwag config check` says what is wrong with this file."
    yield ""
    yield "engine:"
    yield f"  model: {_quoted(answers.model)}  # demo, a Hugging Face id or a folder"
    yield ""
    yield f"thinking: {answers.thinking}  # off | line: one calm line | open: all of it, folded"
    yield ""


def _adapters(answers: Answers, config: Path) -> Iterator[str]:
    if not answers.networks:
        yield "adapters: {}  # no network yet: `chinwag chat` talks in the terminal"
    else:
        yield "adapters:  # the networks that `chinwag run` serves"
    for network in answers.networks:
        yield f"  {network}:"
        if network in answers.tokens:
            yield f"    token_file: {_quoted(str(token_file(config, network)))}"
        else:
            yield f"    token_env: {variable(network)}  # the token is in this variable"
    yield ""


def _access(answers: Answers) -> Iterator[str]:
    yield "access:  # whoever is not named here is told their id, and nothing else"
    owners = ", ".join(map(_quoted, answers.owners))
    yield f"  owner: [{owners}]  # may do everything"
    yield "  allow: []  # users, telegram:chat:ID, discord:guild:ID, or everyone"
    yield ""


def _quoted(text: str) -> str:
    """A JSON string is a YAML one."""
    return json.dumps(text, ensure_ascii=False)
