"""config.example.yaml holds every key with its default and a comment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.config import check, load, read
from bot.config.yaml import Path as Keys
from bot.config.yaml import parse
from bot.engine.openai import OpenAIConfig
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


def engine_shown(kind: str) -> dict[str, Any]:
    """What the example shows, in comments, of an engine of this kind."""
    text = EXAMPLE.read_text("utf-8")
    start = text.index(f"# engine:\n#   kind: {kind}")
    block = text[start : text.index("\n\n", start)]
    data = parse(block.replace("\n# ", "\n").removeprefix("# ")).data["engine"]
    assert data.pop("kind") == kind
    return dict(data)


def test_the_scripted_engine_of_the_example_is_right() -> None:
    data = engine_shown("scripted")
    example = validated(ScriptedConfig, data)
    assert set(data) == set(ScriptedConfig.model_fields)
    assert set(data["script"][0]) == set(type(example.script[0]).model_fields)
    assert example.model_copy(update={"script": ()}) == ScriptedConfig()


def test_the_openai_engine_of_the_example_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_API_KEY", "sesame")
    data = engine_shown("openai")
    example = validated(OpenAIConfig, data)
    assert {name.removesuffix("_env") for name in data} == set(OpenAIConfig.model_fields)
    assert example.api_key is not None
    shown = example.model_copy(update={"api_key": None})
    assert shown == OpenAIConfig(model=example.model, base_url=example.base_url)
