"""config.example.yaml holds every key with its default and a comment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.config import check, load, read
from bot.config.yaml import Path as Keys
from bot.config.yaml import parse
from bot.engine.scripted import ScriptedConfig
from bot.section import validated

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"


def paths(data: Any, at: Keys = ()) -> Iterator[Keys]:
    for key, value in data.items():
        yield (*at, key)
        if isinstance(value, Mapping):
            yield from paths(value, (*at, key))


def test_the_example_is_what_holds_without_any_config(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").touch()
    assert load(EXAMPLE, {}) == load(tmp_path / "empty.yaml", {})


def test_the_example_holds_every_key_and_no_other() -> None:
    source = read(EXAMPLE, {})
    assert set(paths(source.data)) == set(paths(check(source).model_dump(mode="json")))


def test_every_key_of_the_example_has_a_comment() -> None:
    lines = EXAMPLE.read_text("utf-8").splitlines()
    keys = {line for path, line in parse("\n".join(lines)).lines.items() if path}
    assert not [lines[line - 1] for line in keys if "  # " not in lines[line - 1]]


def test_the_scripted_engine_of_the_example_is_right() -> None:
    text = EXAMPLE.read_text("utf-8")
    start = text.index("# engine:")
    block = text[start : text.index("\n\n", start)]
    data = parse(block.replace("\n# ", "\n").removeprefix("# ")).data["engine"]
    assert data.pop("kind") == "scripted"
    example = validated(ScriptedConfig, data)
    assert set(data) == set(ScriptedConfig.model_fields)
    assert set(data["script"][0]) == set(type(example.script[0]).model_fields)
    assert example.model_copy(update={"script": ()}) == ScriptedConfig()
