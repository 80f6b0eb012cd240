"""JSON that is nearly right: a document with a few things wrong, as no test would think of them."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

MOST = 3
"""Things wrong in one document."""
JUNK: tuple[Any, ...] = (
    None, True, -1, 0, 2**63, -(2**80), 1.5, "", "0", "\0", "\ud800", "x" * 5_000, [], [[]], {},
    {"id": {}}, [None], "<b>&amp;", "2026-13-45T99:99:99Z", "9" * 30,
)  # fmt: skip


def mangled(document: Any, dice: random.Random) -> Any:
    """A copy with a few fields missing, of another type or size, doubled or unknown."""
    result = copy.deepcopy(document)
    for _ in range(dice.randint(1, MOST)):
        places = list(_places(result))
        if places:
            _spoil(*dice.choice(places), dice)
    return result


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container with each of its keys or indices."""
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def _spoil(holder: Any, key: Any, dice: random.Random) -> None:
    match dice.randrange(4):
        case 0:
            del holder[key]
        case 1:
            holder[key] = [holder[key]]
        case 2 if isinstance(holder, dict):
            holder[f"{key}_"] = copy.deepcopy(holder[key])
        case _:
            holder[key] = copy.deepcopy(dice.choice(JUNK))
