"""How values of settings are shown to people: short, and on one line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot import texts, texts_for_places
from bot.effective import load
from bot.store import SettingChange

LONGEST = 60


def shown(value: Any) -> str:
    match value:
        case None | () | "":
            return texts_for_places.OFF()
        case float():
            return f"{value:g}"
        case tuple():
            return json.dumps(value, ensure_ascii=False)
        case Mapping():
            return ", ".join(f"{name} {shown(each)}" for name, each in value.items())
    return one_line(str(value), LONGEST)


def changed(change: SettingChange) -> str:
    name = change.name.replace("/", " ")
    old, new = (None if v is None else shown(load(v)) for v in (change.old, change.new))
    return texts.changed(name, old, new)


def one_line(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[:longest].rstrip()}…"
