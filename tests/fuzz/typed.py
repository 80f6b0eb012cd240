"""Whether values are of the types that their classes promise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

CHECKED = (str, int, bool)


def untyped(value: Any, path: str = "") -> Iterator[str]:
    """The fields, of it and of what it holds, that hold something else than they promise."""
    if isinstance(value, tuple):
        for each in value:
            yield from untyped(each, f"{path}[]")
    elif is_dataclass(value):
        hints = get_type_hints(type(value))
        for field in fields(value):
            held, where = getattr(value, field.name), f"{path}.{field.name}"
            if hints[field.name] in CHECKED and not isinstance(held, hints[field.name]):
                yield f"{type(value).__name__} {where}: {held!r}"
            yield from untyped(held, where)


def nested(depth: int) -> Any:
    """A list in a list in a list."""
    value: Any = "deep"
    for _ in range(depth):
        value = [value]
    return value


NO_TEXTS: Sequence[Any] = (7, 1.5, True, ["hello"], {"text": "hello"}, [["hello"]], nested(200))
