"""Every mistake in a config: named with its line, its key, and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import load
from bot.errors import ConfigError
from tests.config.conftest import Faults, Write

ENGINE = "engine: {kind: scripted}\n"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("syste_prompt: Hi", "2: syste_prompt: unknown key; did you mean 'system_prompt'?"),
        (
            "sampling: {temprature: 1}",
            "2: sampling.temprature: unknown key; did you mean 'temperature'?",
        ),
        ("access: {zzz: 1}", "2: access.zzz: unknown key; known here: allow, owner"),
        ("zzz:", "2: zzz: unknown key; known here: "),
        (
            "history: {messages: many}",
            "2: history.messages: should be a whole number, found 'many'",
        ),
        ("history: {messages: true}", "2: history.messages: should be a whole number, found True"),
        ("history: 3", "2: history: should be a section of keys, found 3"),
        ("history: [3]", "2: history: should be a section of keys, found a list"),
        (
            "sampling: {temperature: hot}",
            "2: sampling.temperature: should be a number, found 'hot'",
        ),
        (
            "sampling: {temperature: .nan}",
            "2: sampling.temperature: should be a finite number, found nan",
        ),
        ("sampling: {stop: [a, 4]}", "2: sampling.stop[1]: should be a text, found 4"),
        ("sampling: {stop: a}", "2: sampling.stop: should be a list, found 'a'"),
        ("system_prompt: [a]", "2: system_prompt: should be a text, found a list"),
        ("system_prompt: {a: b}", "2: system_prompt: should be a text, found a section of keys"),
        (
            "log: {texts: 2}",
            "2: log.texts: should be true or false, found 2",
        ),
        (
            "sampling: {top_p: 1.5}",
            "2: sampling.top_p: should be less than or equal to 1, found 1.5",
        ),
        (
            "turns: {max_waiting: 0}",
            "2: turns.max_waiting: should be greater than or equal to 1, found 0",
        ),
        ("thinking: loud", "2: thinking: should be 'off', 'line' or 'open', found 'loud'"),
        ("store: {url: mysql://x}", "2: store.url: expected sqlite:///FILE or postgresql://…"),
        ("adapters: [telegram]", "2: adapters: should be a section of keys, found a list"),
        (
            "adapters: {consol: }",
            "2: adapters.consol: there is no 'consol' among the adapters; did you mean 'console'?",
        ),
        ("adapters: {console: {x: 1}}", "2: adapters.console.x: unknown key"),
        ("adapters: {console: 5}", "2: adapters.console: should be a section of keys, found 5"),
        ('home: "a\\0b"', "2: home: expected a path, which has no NUL in it"),
        ("home: ~nobody-of-this-name/x", "2: home: expected an absolute path"),
        ('system_prompt: "\\ud800"', "2: system_prompt: should be a text"),
        ("plugins: {a: 5}", "2: plugins.a: should be a section of keys, found 5"),
        ("access: {owner: [bob]}", "2: access.owner[0]: expected a network and a user's id"),
        ("access: {allow: [nobody]}", "2: access.allow[0]: expected a user"),
    ],
)
def test_one_mistake_is_one_sentence(faults: Faults, line: str, fault: str) -> None:
    (found,) = faults(ENGINE + line)
    assert found.startswith(fault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "engine: {kind: scriptd}",
            "1: engine.kind: there is no 'scriptd' among the engines; did you mean 'scripted'?",
        ),
        ("engine: {kind: [a]}", "1: engine.kind: there is no ['a'] among the engines"),
        ("engine: local", "1: engine: expected a section of keys, as in `kind: local`"),
        ("engine: {knd: scripted}", "1: engine.knd: unknown key; did you mean 'kind'?"),
        (
            "engine: {kind: scripted, concurrency: 0}",
            "1: engine.concurrency: should be greater than",
        ),
        (
            "engine:\n  kind: scripted\n  script:\n  - match: (",
            "4: engine.script[0].match: should be a valid regular",
        ),
        (
            "engine:\n  kind: scripted\n  script:\n  - text: a",
            "4: engine.script[0].match: is missing",
        ),
        ("engine: {kind: local, modle: x}", "1: engine.modle: unknown key; did you mean 'model'?"),
        (
            "engine: {quantize: nf5}",
            "1: engine.quantize: should be 'auto', 'nf4', 'int8' or 'none'",
        ),
    ],
)
def test_a_plugins_own_keys_get_the_same_errors(faults: Faults, text: str, fault: str) -> None:
    (found,) = faults(text)
    assert found.startswith(fault)


def test_all_mistakes_are_listed_at_once_in_the_order_of_the_file(faults: Faults) -> None:
    text = "respond: x\nengine:\n  kind: scripted\n  speed: 3\nadapters: {a: }\nlog: {m: 1, n: 2}"
    keys = [fault.split(": ")[1] for fault in faults(text, CHINWAG__THINKING="x")]
    assert keys == ["thinking", "respond", "engine.speed", "adapters.a", "log.m", "log.n"]


def test_the_error_carries_the_place_of_the_first_mistake(write: Write) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write("\nrespond: x"), {})
    assert (caught.value.file, caught.value.line, caught.value.key) == ("config.yaml", 2, "respond")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\nb: [", "2: not YAML: expected the node content, but found '<stream end>'"),
        ("a: 1\n\tb: 2", "2: not YAML: "),
        ("a: 'x\n", "2: not YAML: found unexpected end of stream"),
        ("a: b\x00", "1: not YAML: the character U+0000"),
        ("a: 1\n---\nb: 2", "2: not YAML: but found another document"),
        (
            "log:\n  level: info\n  level: debug",
            "3: log.level: duplicate key, first given in line 2",
        ),
        ("home: a\nhome: b", "2: home: duplicate key, first given in line 1"),
        ("log: &x {level: info}\nhistory: *x", "1: anchors and aliases are not used here"),
        (
            "home: !!python/name:os.system x",
            "1: home: the tag tag:yaml.org,2002:python/name:os.system is not known",
        ),
        (
            "history: {messages: " + "9" * 5000 + "}",
            "1: history.messages: is no number, or too long a one",
        ),
        ("[a, b]: c", "1: a key is a word, not a list or a section"),
        ("- a\n- b", "1: expected keys with values"),
        ("just words", "1: expected keys with values"),
        ("[" * 60 + "]" * 60, "1: nested too deeply"),
    ],
)
def test_what_is_no_proper_yaml_is_named_with_its_line(
    faults: Faults, text: str, fault: str
) -> None:
    assert faults(text)[0].startswith(fault)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"home: a\nrespond: \xff\n", "config.yaml:2: is not UTF-8 text"),
        (b"#" * 1_000_001, "config.yaml: is larger than 1000000 bytes: not a config"),
    ],
)
def test_what_is_no_text_is_refused(write: Write, content: bytes, fault: str) -> None:
    path = write("")
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    assert str(caught.value) == fault


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read: Is a directory"):
        load(tmp_path, {})


def test_a_wrong_value_is_not_repeated_at_full_length(faults: Faults) -> None:
    (fault,) = faults(f"{ENGINE}respond: {'x' * 500}")
    assert len(fault) < 150
