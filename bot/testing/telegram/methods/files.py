"""getFile; the download itself is in http.py."""

from __future__ import annotations

from bot.testing.telegram.chats import Json
from bot.testing.telegram.failures import bad_request
from bot.testing.telegram.parameters import Parameters
from bot.testing.telegram.world import World

LARGEST_DOWNLOAD = 20 * 1024 * 1024
"""Bytes."""


async def get_file(world: World, given: Parameters) -> Json:
    file = world.files.get(given.text("file_id"))
    if file is None:
        raise bad_request("invalid file_id")
    if file.size > LARGEST_DOWNLOAD:
        raise bad_request("file is too big")
    return {
        "file_id": file.id,
        "file_unique_id": f"unique-{file.id}",
        "file_size": file.size,
        "file_path": f"documents/{file.id}",
    }


METHODS = {"getFile": get_file}
