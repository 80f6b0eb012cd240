"""Transport compression. https://docs.discord.com/developers/events/gateway#transport-compression"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable
from typing import Any, Protocol


class Compressor(Protocol):
    def __call__(self, text: str) -> bytes | str:
        """The next message of the stream."""


def plain(text: str) -> str:
    return text


class ZlibStream:
    """One zlib stream for the whole connection, flushed after each message."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj()

    def __call__(self, text: str) -> bytes:
        return self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class ZstdStream:
    """One zstd frame for the whole connection. Needs Python 3.14 or the package zstandard."""

    def __init__(self) -> None:
        self._add, self._flush = _zstd()

    def __call__(self, text: str) -> bytes:
        return bytes(self._add(text.encode()) + self._flush())


def _zstd() -> Any:
    try:
        zstandard = importlib.import_module("zstandard")
    except ImportError:
        module = importlib.import_module("compression.zstd")
        built_in = module.ZstdCompressor()
        return built_in.compress, lambda: built_in.flush(built_in.FLUSH_BLOCK)
    stream = zstandard.ZstdCompressor().compressobj()
    return stream.compress, lambda: stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)


_KNOWN: dict[str, Callable[[], Compressor]] = {
    "": lambda: plain,
    "zlib-stream": ZlibStream,
    "zstd-stream": ZstdStream,
}


def compressor(name: str) -> Compressor | None:
    """None for one that isn't known, or can't be had on this machine."""
    try:
        return _KNOWN[name]()
    except (KeyError, ImportError):
        return None
