"""One request: its ids, query and body, whichever form it has."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from bot.testing.common.uploads import Upload
from bot.testing.discord.accounts import Json
from bot.testing.discord.failures import ApiError, bad_request, not_found, too_large

LARGEST = 25 * 1024 * 1024
"""Bytes of a whole request."""
FORM = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` None is 204 No Content."""

    body: Any = None
    status: int = 200


@dataclass(frozen=True, slots=True)
class Call:
    """`ids` come from the path; `uploads` are the files by the number that their part has."""

    ids: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)
    json: Any = None
    uploads: dict[int, Upload] = field(default_factory=dict)

    def id(self, name: str) -> int:
        """Raises 404 as a path that leads nowhere does."""
        text = self.ids[name]
        if not (text.isascii() and text.isdigit()):
            raise not_found()
        return int(text)

    def number(self, name: str, default: int) -> int:
        text = self.query.get(name, "")
        return int(text) if text.isascii() and text.isdigit() else default

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() in ("1", "true")

    @property
    def body(self) -> Json:
        """A body that has to be an object; nothing counts as an empty one."""
        if self.json is None:
            return {}
        if not isinstance(self.json, dict):
            raise bad_request(50109, "The request body contains invalid JSON.")
        return self.json


async def read(request: web.Request) -> Call:
    ids, query = dict(request.match_info), dict(request.query)
    if request.content_type == FORM:
        return await _read_form(request, ids, query)
    text = await request.read()
    return Call(ids, query, _parsed(text) if text else None)


async def _read_form(request: web.Request, ids: dict[str, str], query: dict[str, str]) -> Call:
    body: Any = None
    uploads: dict[int, Upload] = {}
    total = 0
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise _invalid()
            data = bytes(await part.read(decode=True))
            total += len(data)
            if total > LARGEST:
                raise too_large()
            if part.name == "payload_json":
                body = _parsed(data)
            else:
                uploads[_number(part.name)] = _upload(part, data)
    except (ValueError, AssertionError):
        raise _invalid() from None
    return Call(ids, query, body, uploads)


def _upload(part: BodyPartReader, data: bytes) -> Upload:
    media_type = part.headers.get("Content-Type", "application/octet-stream")
    return Upload(part.filename or "unknown", data, media_type)


def _number(name: str | None) -> int:
    """From files[n]."""
    number = (name or "").removeprefix("files[").removesuffix("]")
    if not (number.isascii() and number.isdigit()):
        raise _invalid()
    return int(number)


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _invalid() from None


def _invalid() -> ApiError:
    return bad_request(50109, "The request body contains invalid JSON.")
