"""The text of a document: what is plainly text, and PDFs, read in a process of their own."""

from __future__ import annotations

import asyncio
import codecs
import sys
from pathlib import PurePath

TEXT_TYPES = frozenset(
    {
        "application/json",
        "application/javascript",
        "application/sql",
        "application/toml",
        "application/x-sh",
        "application/x-yaml",
        "application/xml",
        "application/yaml",
    }
)
TEXT_ENDINGS = frozenset(
    f".{ending}"
    for ending in (
        *("c", "cfg", "conf", "cpp", "cs", "css", "csv", "go", "h", "html", "ini", "java", "js"),
        *("json", "kt", "log", "lua", "md", "php", "pl", "py", "r", "rb", "rs", "rst", "sh", "sql"),
        *("swift", "tex", "toml", "ts", "tsv", "txt", "vue", "xml", "yaml", "yml"),
    )
)
PDF = "application/pdf"
MOST_TEXT = 200_000
"""Characters; the rest of a document is left out."""


def readable(name: str, media_type: str) -> bool:
    """Whether it is worth downloading."""
    return is_pdf(name, media_type) or _is_text(name, media_type)


def is_pdf(name: str, media_type: str) -> bool:
    return media_type == PDF or name.lower().endswith(".pdf")


def _is_text(name: str, media_type: str) -> bool:
    if media_type.startswith("text/") or media_type in TEXT_TYPES:
        return True
    return PurePath(name).suffix.lower() in TEXT_ENDINGS


async def text_of(name: str, media_type: str, data: bytes) -> str | None:
    """None where there is no text in it. Cancelling ends the reading."""
    if is_pdf(name, media_type):
        text = await _pdf(data)
    else:
        text = await asyncio.to_thread(_decoded, data)
    return text[:MOST_TEXT] if text and text.strip() else None


def _decoded(data: bytes) -> str | None:
    """None for what is no text after all."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


async def _pdf(data: bytes) -> str | None:
    """By a process that a hostile file can neither stop nor fill this one's memory with."""
    reader = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.documents.pdf"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        text, _ = await reader.communicate(data)
    finally:
        if reader.returncode is None:
            reader.kill()
            await reader.wait()
    return text.decode("utf-8", "replace") if reader.returncode == 0 else None
