"""How the config names those whom the bot answers."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

EVERYONE = "everyone"
GROUPS = ("chat", "guild", "role")

_PERSON = re.compile(r"[a-z][a-z0-9_-]*:\S+")


def _person(text: str) -> str:
    if not _PERSON.fullmatch(text) or _group(text):
        raise ValueError(f"expected a network and a user's id, as in telegram:1001, found {text!r}")
    return text


def _someone(text: str) -> str:
    if text == EVERYONE or (_PERSON.fullmatch(text) and text.split(":")[-1] not in GROUPS):
        return text
    raise ValueError(
        "expected a user (telegram:1001), a group (telegram:chat:-100123, discord:guild:42, "
        f"discord:role:42) or everyone, found {text!r}"
    )


def _group(text: str) -> bool:
    return text.split(":")[1] in GROUPS


Person = Annotated[str, AfterValidator(_person)]
Someone = Annotated[str, AfterValidator(_someone)]
