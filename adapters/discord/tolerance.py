"""An event that the library can't read is passed over: it would end the connection, and come
again with the next one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog

log = structlog.get_logger(__name__)

Parser = Callable[[Any], None]
NEEDED = frozenset({"READY", "RESUMED"})
"""Without these there is no connection to speak of."""


def tolerate(parsers: dict[str, Parser]) -> None:
    for event, parse in list(parsers.items()):
        if event not in NEEDED:
            parsers[event] = _tolerant(event, parse)


def _tolerant(event: str, parse: Parser) -> Parser:
    def parsed(data: Any) -> None:
        try:
            parse(data)
        except Exception as error:  # whatever the library stumbles over
            log.warning("event not understood", kind=event, why=type(error).__name__)

    return parsed
