"""Where a config comes from: the file that is found first, and the environment above it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import load, read
from bot.config.source import find
from bot.engine.scripted import ScriptedConfig
from bot.errors import ConfigError
from tests.config.conftest import Faults, Write, scripted

KIND = {"CHINWAG__ENGINE__KIND": "scripted"}


def test_the_first_file_that_is_named_or_exists_is_read(write: Write, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    environ = {"CHINWAG__HOME": str(home)}
    assert find(None, environ) is None
    (home / "config.yaml").touch()
    assert find(None, environ) == home / "config.yaml"
    here = write("")
    assert find(None, environ) == here
    (tmp_path / "other.yaml").touch()
    environ["CHINWAG_CONFIG"] = "other.yaml"
    assert find(None, environ) == Path("other.yaml")
    assert find(here, environ) == here


@pytest.mark.parametrize("name", ["no.yaml", "no/such/folder/a.yaml", "a\0b"])
def test_a_named_file_must_exist(name: str) -> None:
    for path, environ in [(Path(name), {}), (None, {"CHINWAG_CONFIG": name})]:
        with pytest.raises(ConfigError, match=f"^{name}: can't be read: "):
            read(path, environ)


@pytest.mark.parametrize("home", ["~no-such-user/x", "/proc/1/root/x"])
def test_a_home_that_cannot_be_looked_into_holds_no_config(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find(None, {"CHINWAG__HOME": home}) is None


@pytest.mark.parametrize(
    "text", ["", "# only a comment\n", "log:\nengine:\n  kind:\n", "\ufefflog: {}"]
)
def test_nothing_written_means_the_defaults(write: Write, text: str) -> None:
    assert load(write(text), KIND) == load(write("{}"), KIND)


def test_no_file_at_all_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = read(None, {"CHINWAG__HOME": str(tmp_path)})
    assert source.file is None


def test_the_environment_wins_over_the_file(write: Write) -> None:
    config = scripted("log: {level: debug, texts: true}\n", CHINWAG__LOG__LEVEL="error")
    assert (config.log.level, config.log.texts) == ("error", True)


def test_values_of_the_environment_are_typed_as_in_yaml(write: Write) -> None:
    config = scripted(
        CHINWAG__SAMPLING__TEMPERATURE="1e-1",
        CHINWAG__SAMPLING__TOP_K="40",
        CHINWAG__SAMPLING__STOP='["a", "12"]',
        CHINWAG__SYSTEM_PROMPT="You are: # brief",
        CHINWAG__LOG__TEXTS="true",
        CHINWAG__THINKING="off",
        CHINWAG__SAMPLING__SEED="null",
        CHINWAG__ENGINE__CONTEXT_WINDOW="64",
    )
    sampling = config.sampling
    assert (sampling.temperature, sampling.top_k, sampling.stop) == (0.1, 40, ("a", "12"))
    assert (config.system_prompt, config.thinking) == ("You are: # brief", "off")
    assert (config.log.texts, sampling.seed) == (True, None)
    assert isinstance(config.engine.options, ScriptedConfig)
    assert config.engine.options.context_window == 64


def test_a_quoted_value_of_the_environment_is_a_text(write: Write) -> None:
    assert scripted(CHINWAG__SYSTEM_PROMPT='"42"').system_prompt == "42"


def test_other_variables_are_left_alone(write: Write) -> None:
    assert scripted(CHINWAG_CONFIG="", CHINWAGGING="x", PATH="/").respond == "mention"


def test_a_mistake_in_the_environment_is_named_by_its_variable(faults: Faults) -> None:
    assert faults("log: {level: info}", **KIND, CHINWAG__LOG__LEVL="x", CHINWAG__RESPOND="no") == [
        "CHINWAG__LOG__LEVL: log.levl: unknown key; did you mean 'level'?",
        "CHINWAG__RESPOND: respond: should be 'mention', 'always' or 'command', found 'no'",
    ]


def test_a_variable_that_reaches_into_a_value_is_refused(faults: Faults) -> None:
    (fault,) = faults("respond: mention", CHINWAG__RESPOND__X="1")
    assert fault == "CHINWAG__RESPOND__X: respond is a value in the file, not a section"


def test_a_broken_list_in_the_environment_is_refused(faults: Faults) -> None:
    (fault,) = faults("", CHINWAG__SAMPLING__STOP="[a")
    assert fault.startswith("CHINWAG__SAMPLING__STOP: not YAML: ")


def test_a_number_too_long_to_read_in_the_environment_is_refused(faults: Faults) -> None:
    (fault,) = faults("", CHINWAG__SAMPLING__SEED="9" * 5000)
    assert fault == "CHINWAG__SAMPLING__SEED: is no number, or too long a one"


def test_home_is_made_absolute(write: Write, tmp_path: Path) -> None:
    assert scripted("home: data\n").home == tmp_path / "data"
    assert scripted("home: ~/data\n").home == Path.home() / "data"


def test_only_written_sampling_overrides_the_models_own(write: Write) -> None:
    config = scripted("sampling: {temperature: 0.7, seed: }\n", CHINWAG__SAMPLING__TOP_K="3")
    assert config.sampling.written() == {"temperature": 0.7, "top_k": 3}


def test_those_who_are_answered_may_be_named_in_every_way(write: Write) -> None:
    allow = [
        "everyone",
        "telegram:1001",
        "telegram:chat:-100123",
        "discord:guild:1",
        "discord:role:2",
    ]
    config = scripted(f"access: {{owner: ['matrix:@ada:example.org'], allow: {allow}}}\n")
    assert config.access.owner == ("matrix:@ada:example.org",)
    assert list(config.access.allow) == allow
