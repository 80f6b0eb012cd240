"""YAML with the line of every key.

The core schema of YAML 1.2: `off`, `no` and `12:30` are texts, not booleans and numbers. Tags,
anchors and duplicate keys are errors, so a document is at most as large as it looks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

Path = tuple[int | str, ...]

NO_NUMBER = "is no number, or too long a one"
DEEPEST = 50
"""Sections and lists within each other."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a document; `line` counts from 1."""

    line: int
    problem: str
    path: Path = ()


class Faulty(Exception):
    def __init__(self, *faults: Fault):
        self.faults = faults
        super().__init__("; ".join(fault.problem for fault in faults))


@dataclass(frozen=True, slots=True)
class Document:
    data: Any
    lines: dict[Path, int]
    """Where the key of each path stands, counted from 1."""


def parse(text: str) -> Document:
    """Raises Faulty with everything that is wrong with the text, as far as it could be read."""
    try:
        _check_shape(text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Faulty(Fault(_line(mark), f"not YAML: {error.problem}")) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Faulty(Fault(line, f"not YAML: the character U+{error.character:04X}")) from None
    reading = _Reading()
    data = None if node is None else reading.value(node, ())
    if reading.faults:
        raise Faulty(*reading.faults)
    return Document(data, reading.lines)


def _check_shape(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = _line(event.start_mark)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise Faulty(Fault(line, "nested too deeply"))
        if getattr(event, "anchor", None):
            raise Faulty(Fault(line, "anchors and aliases are not used here"))


def scalar(text: str) -> Any:
    """A lone plain scalar, typed as it would be in a document; anything else is a text."""
    if text[:1] in ("[", "{", '"', "'"):
        return parse(text).data
    for regex, _, make in _CORE.values():
        if re.fullmatch(regex, text):
            try:
                return make(text)
            except ValueError:
                raise Faulty(Fault(1, NO_NUMBER)) from None
    return text


class _Loader(yaml.SafeLoader):
    """SafeLoader that knows the types of `_CORE` only."""


_Loader.yaml_implicit_resolvers = {}


class _Reading:
    """Turns nodes into plain values, noting lines and faults on the way."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.faults: list[Fault] = []

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.lines.setdefault(path, _line(node.start_mark))
        if isinstance(node, yaml.MappingNode):
            return dict(self._items(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _items(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, Any]]:
        for key_node, value_node in node.value:
            line = _line(key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                self.faults.append(Fault(line, "a key is a word, not a list or a section", path))
                continue
            inner = (*path, str(key_node.value))
            if inner in self.lines:
                problem = f"duplicate key, first given in line {self.lines[inner]}"
                self.faults.append(Fault(line, problem, inner))
                continue
            self.lines[inner] = line
            yield key_node.value, self.value(value_node, inner)

    def _scalar(self, node: yaml.Node, path: Path) -> Any:
        try:
            return _TYPES[node.tag](node.value)
        except (KeyError, ValueError):
            known = node.tag in _TYPES
            problem = NO_NUMBER if known else f"the tag {node.tag} is not known"
            self.faults.append(Fault(_line(node.start_mark), problem, path))
            return None


def _line(mark: Any) -> int:
    return mark.line + 1 if mark else 1


def _whole(text: str) -> int:
    base = {"0o": 8, "0x": 16}.get(text[:2].lower(), 10)
    return int(text, base)


_CORE: dict[str, tuple[str, str, Callable[[str], Any]]] = {
    "null": (r"~|null|Null|NULL|", "~nN", lambda _: None),
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF", lambda text: text.lower() == "true"),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789", _whole),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
        lambda text: float(text.lower().replace(".i", "i").replace(".n", "n")),
    ),
}

_TYPES: dict[str, Callable[[str], Any]] = {"tag:yaml.org,2002:str": str}

for _name, (_regex, _first, _make) in _CORE.items():
    _tag = f"tag:yaml.org,2002:{_name}"
    _TYPES[_tag] = _make
    _Loader.add_implicit_resolver(_tag, re.compile(f"(?:{_regex})$"), [*_first, ""])
